import { test as base, describe } from "vitest";
import { type DatabaseKind, databaseKinds } from "../support/database/database.ts";
import { createQuotaWorld } from "./world.ts";

/** Vitest's `test` with the fixture `world`. */
export type WorldTest = ReturnType<typeof createWorldTest>;

/** Vitest's `test` on one kind of database. `world` is metering on a database of its own, new for each test. */
export function createWorldTest(kind: DatabaseKind) {
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of a fixture's needs from its first parameter.
  return base.extend("world", async ({}, test) => {
    const world = await createQuotaWorld(kind);
    test.onCleanup(() => world.close());
    return world;
  });
}

/** Defines the same tests on each kind of database. */
export function describeOnDatabases(name: string, define: (test: WorldTest, kind: DatabaseKind) => void): void {
  for (const kind of databaseKinds) {
    const test = createWorldTest(kind);
    describe(`${name} on ${kind}`, () => {
      // Creates the world here, because a fixture that a test creates counts towards the test's time.
      test.beforeEach(({ world: _ }) => {});
      define(test, kind);
    });
  }
}
