import { test as base } from "vitest";
import type { DatabaseKind } from "../support/database/database.ts";
import { startReceiver } from "./receiver.ts";
import { createWorld, type WorldSettings } from "./world.ts";

/**
 * A test of the room. It starts only the fixtures that it names: `world` is the room on an empty database, `receiver` a server
 * that answers 204. A suite chooses the database with `test.override({ kind })`, and a policy with `test.override({ settings })`.
 */
export const test = base
  .extend("kind", "embedded" as DatabaseKind)
  .extend("settings", {} as WorldSettings)
  .extend("world", async ({ kind, settings }, fixture) => {
    const world = await createWorld(kind, settings);
    fixture.onCleanup(() => world.close());
    return world;
  })
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from this pattern which fixtures it must start first: none.
  .extend("receiver", async ({}, fixture) => {
    const receiver = await startReceiver();
    fixture.onCleanup(() => receiver.close());
    return receiver;
  });
