import type { Engine } from "./engine.ts";

/** The engines of this deployment, each with a name of its own. */
export interface Engines {
  /** What schedules take that name none. */
  readonly defaultName: string;
  readonly all: readonly Engine[];
  find(name: string): Engine | undefined;
}

/** @throws when two have one name, or none has the default's */
export function createEngines(all: readonly Engine[], defaultName: string): Engines {
  const byName = new Map(all.map((engine) => [engine.name, engine]));
  if (byName.size < all.length) throw new Error("Two engines have the same name");
  if (!byName.has(defaultName)) throw new Error(`There is no engine '${defaultName}' to be the default`);
  return { defaultName, all, find: (name) => byName.get(name) };
}
