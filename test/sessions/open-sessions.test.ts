import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createId } from "../../src/platform/id.ts";
import { listOpenFaults } from "../scheduler/account-sessions.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../support/database/database.ts";

describe.each(databaseKinds)("the rows of sessions that have not ended, on %s", (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase(kind);
  });
  afterAll(() => database.close());
  afterEach(() => sql`truncate ailbl_session`.execute(database.db));

  async function insertSessions(count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, () => createId()).sort();
    await sql`insert into ailbl_session (id, schedule_id, schedule_name, kind, cause, slot, data_interval_start, owner, engine,
        run_after, launch_timeout_seconds, created, created_by)
      select id, ${createId()}, 'x', 1, 'manual', now(), now(), 'x', 'local', now(), 1, now(), 'x'
      from unnest(${ids}::uuid[]) as w (id)`.execute(database.db);
    return ids;
  }

  async function listOpen(): Promise<string[]> {
    const rows = await database.db
      .selectFrom("ailbl_open_session")
      .select("session_id")
      .orderBy("session_id")
      .execute();
    return rows.map(({ session_id }) => session_id);
  }

  test("follow every change, of however many at once, and go with the session's end", async () => {
    const [first, ...others] = await insertSessions(3);
    expect(await listOpen()).toEqual([first, ...others]);
    for (const change of [
      sql`queued = true`,
      sql`queued = false, run_after = now() + interval '1 hour'`,
      sql`engine = 'elsewhere'`,
      sql`state = 'claimed', lease_owner = 'me'`,
      sql`lease_owner = 'another'`,
      sql`state = 'running'`,
      sql`state = 'retry_wait', lease_owner = null`,
    ]) {
      await sql`update ailbl_session set ${change}`.execute(database.db);
      expect(await listOpenFaults(database.db)).toEqual([]);
    }
    await sql`update ailbl_session set state = 'canceled', ended = now() where id = ${first}`.execute(database.db);
    expect(await listOpen()).toEqual(others);
  });

  test("go with rows that are removed, one or all", async () => {
    const [first, second] = await insertSessions(2);
    await sql`delete from ailbl_session where id = ${first}`.execute(database.db);
    expect(await listOpen()).toEqual([second]);
    await sql`truncate ailbl_session`.execute(database.db);
    expect(await listOpen()).toEqual([]);
  });

  test("are what indexes stand on: none of the session's own has a column that changes while it lives", async () => {
    const { rows } = await sql<{ column: string }>`
      select distinct a.attname as column from pg_index as i
      join pg_depend as d on d.classid = 'pg_class'::regclass and d.objid = i.indexrelid and d.refobjid = i.indrelid
      join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = d.refobjsubid
      where i.indrelid = 'ailbl_session'::regclass order by 1`.execute(database.db);
    // `unsuccessful` is null until a session ends without success.
    expect(rows.map(({ column }) => column)).toEqual([
      "backfill_id",
      "cause",
      "created",
      "created_by",
      "id",
      "kind",
      "retry_of",
      "schedule_id",
      "slot",
      "unsuccessful",
    ]);
  });
});
