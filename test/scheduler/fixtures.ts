import { sql } from "kysely";
import { test as base, describe } from "vitest";
import {
  createTestDatabase,
  type DatabaseKind,
  databaseKinds,
  type TestDatabase,
} from "../support/database/database.ts";
import { type Api, createApi } from "./api.ts";
import { createWorld, type World } from "./world.ts";

type WorldOptions = Omit<Parameters<typeof createWorld>[0], "db">;

/** Fixtures for tests of the scheduler, schedules, sessions, backfills, bulk actions and the timeline. */
interface SchedulerFixtures {
  /** One for all tests of a file. Its rows are deleted after each test that has used `world`. */
  readonly database: TestDatabase;
  /** One for each test. */
  readonly world: World;
  /** Requests to the routes of `world`. */
  readonly ask: Api;
}

/** Tables that a world writes, in the order of their foreign keys. Rows of the tables that refer to them are deleted too. */
const tables = [
  "ailbl_bulk",
  "ailbl_session",
  "ailbl_schedule",
  "ailbl_doubtful_launch",
  "ailbl_engine_bucket",
  "eom_storage",
  "eom_idempotency_key",
];

/** Vitest's `test` with the fixtures above. */
type SchedulerTest = ReturnType<typeof createSchedulerTest>;

/**
 * Defines the same tests on each kind of database.
 *
 * @param toOptions made anew for the world of each test
 * @example
 * describeOnDatabases("scan", (test) => {
 *   test("opens one session for each slot", async ({ world, database }) => {});
 * });
 */
export function describeOnDatabases(
  name: string,
  define: (test: SchedulerTest) => void,
  toOptions?: () => WorldOptions,
): void {
  for (const kind of databaseKinds) {
    const test = createSchedulerTest(kind, toOptions);
    describe(`${name} on ${kind}`, () => define(test));
  }
}

/** Vitest's `test` on one kind of database. Call it at the top level of a file: its database is there for the file. */
export function createSchedulerTest(kind: DatabaseKind, toOptions: () => WorldOptions = () => ({})) {
  return base.extend<SchedulerFixtures>({
    database: [
      // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of a fixture's needs from its first parameter.
      async ({}, use) => {
        const database = await createTestDatabase(kind);
        await use(database);
        await database.close();
      },
      { scope: "file" },
    ],
    world: async ({ database }, use) => {
      const world = createWorld({ ...toOptions(), db: database.db });
      await use(world);
      await world.close();
      for (const table of tables) await sql`delete from ${sql.table(table)}`.execute(database.db);
    },
    ask: async ({ world }, use) => {
      await use(createApi(world));
    },
  });
}
