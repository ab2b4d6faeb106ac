import type { Engine } from "./engine.ts";

/** The engines of this deployment. Each has a unique name. */
export interface Engines {
  /** The engine of schedules that are created without an engine name. */
  readonly defaultName: string;
  readonly all: readonly Engine[];
  find(name: string): Engine | undefined;
}

/**
 * Creates the registry.
 *
 * @throws Error when two engines have the same name, or no engine has the default name
 */
export function createEngines(all: readonly Engine[], defaultName: string): Engines {
  const byName = new Map(all.map((engine) => [engine.name, engine]));
  if (byName.size < all.length) throw new Error("Two engines have the same name");
  if (!byName.has(defaultName)) throw new Error(`There is no engine '${defaultName}' to be the default`);
  return { defaultName, all, find: (name) => byName.get(name) };
}
