import { sql } from "kysely";
import { describe } from "vitest";
import { type DatabaseKind, databaseKinds } from "../support/database/database.ts";
import { createSchedulerTest } from "./fixtures.ts";
import { createRemoteEngine } from "./remote-engine.ts";

type RemoteEngine = ReturnType<typeof createRemoteEngine>;

/** Rows that tests of sessions, backfills and bulk actions compare, and that a world does not delete. */
const tables = ["ailbl_session", "ailbl_backfill", "eom_event", "eom_audit"];

/** The fixtures of the scheduler on a remote engine, whose runs end when the test says so. */
type RemoteTest = ReturnType<typeof createRemoteTest>;

/**
 * Defines the same tests on each kind of database, with a world whose engine is `remote`.
 *
 * @example
 * describeWithRemote("a failed run", (test) => {
 *   test("is retried", async ({ world, remote }) => {});
 * });
 */
export function describeWithRemote(name: string, define: (test: RemoteTest) => void): void {
  for (const kind of databaseKinds) {
    const test = createRemoteTest(kind);
    describe(`${name} on ${kind}`, () => define(test));
  }
}

function createRemoteTest(kind: DatabaseKind) {
  let remote: RemoteEngine;
  const test = createSchedulerTest(kind, () => {
    remote = createRemoteEngine();
    return { engine: remote.engine };
  });
  return test.extend<{ readonly remote: RemoteEngine }>({
    remote: async ({ world }, use) => {
      await use(remote);
      for (const table of tables) await sql`delete from ${sql.table(table)}`.execute(world.db);
    },
  });
}
