import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createId } from "../../src/platform/id.ts";
import { isEnded, isLeased, nextStates, type SessionState, sessionStates } from "../../src/sessions/states.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../support/database/database.ts";

describe.each(databaseKinds)("the states of a session on %s", (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase(kind);
  });
  afterAll(() => database.close());

  async function insertIn(state: SessionState): Promise<string> {
    const id = createId();
    await sql`insert into ailbl_session (id, schedule_id, schedule_name, kind, cause, slot, data_interval_start, state, owner,
        engine, run_after, launch_timeout_seconds, lease_owner, ended, created, created_by)
      values (${id}, ${createId()}, 'x', 1, 'manual', now(), now(), ${state}, 'x', 'local', now(), 1,
        ${isLeased(state) ? "me" : null}, ${isEnded(state) ? new Date() : null}, now(), 'x')`.execute(database.db);
    return id;
  }

  async function takes(from: SessionState, to: SessionState): Promise<boolean> {
    const id = await insertIn(from);
    const leaseOwner = isLeased(to) ? "me" : null;
    const ended = isEnded(to) ? new Date() : null;
    const step = sql`update ailbl_session set state = ${to}, lease_owner = ${leaseOwner}, ended = ${ended} where id = ${id}`;
    return step.execute(database.db).then(
      () => true,
      () => false,
    );
  }

  test("the database takes exactly the steps that the table in the code has", async () => {
    const taken: string[] = [];
    for (const from of sessionStates) {
      for (const to of sessionStates) if (from !== to && (await takes(from, to))) taken.push(`${from} ${to}`);
    }
    const legal = sessionStates.flatMap((from) => nextStates[from].map((to) => `${from} ${to}`));
    expect(taken.sort()).toEqual(legal.sort());
  });
});
