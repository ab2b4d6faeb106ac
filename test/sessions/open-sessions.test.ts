import { sql } from "kysely";
import { expect } from "vitest";
import { createId } from "../../src/platform/id.ts";
import { listOpenFaults } from "../scheduler/account-sessions.ts";
import { describeOnDatabases } from "../scheduler/fixtures.ts";
import type { World } from "../scheduler/world.ts";

async function insertSessions({ db }: World, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => createId()).sort();
  await sql`insert into ailbl_session (id, schedule_id, schedule_name, kind, cause, slot, data_interval_start, owner, engine,
      run_after, launch_timeout_seconds, created, created_by)
    select id, ${createId()}, 'x', 1, 'manual', now(), now(), 'x', 'local', now(), 1, now(), 'x'
    from unnest(${ids}::uuid[]) as w (id)`.execute(db);
  return ids;
}

async function listOpen({ db }: World): Promise<string[]> {
  const rows = await db.selectFrom("ailbl_open_session").select("session_id").orderBy("session_id").execute();
  return rows.map(({ session_id }) => session_id);
}

describeOnDatabases("ailbl_open_session", (test) => {
  test("follows every change of many sessions at once, and drops a session at its end", async ({ world }) => {
    const [first, ...others] = await insertSessions(world, 3);
    expect(await listOpen(world)).toEqual([first, ...others]);
    for (const change of [
      sql`queued = true`,
      sql`queued = false, run_after = now() + interval '1 hour'`,
      sql`engine = 'elsewhere'`,
      sql`state = 'claimed', lease_owner = 'me'`,
      sql`lease_owner = 'another'`,
      sql`state = 'running'`,
      sql`state = 'retry_wait', lease_owner = null`,
    ]) {
      await sql`update ailbl_session set ${change}`.execute(world.db);
      expect(await listOpenFaults(world.db)).toEqual([]);
    }
    await sql`update ailbl_session set state = 'canceled', ended = now() where id = ${first}`.execute(world.db);
    expect(await listOpen(world)).toEqual(others);
  });

  test("drops deleted sessions, one or all", async ({ world }) => {
    const [first, second] = await insertSessions(world, 2);
    await sql`delete from ailbl_session where id = ${first}`.execute(world.db);
    expect(await listOpen(world)).toEqual([second]);
    await sql`truncate ailbl_session`.execute(world.db);
    expect(await listOpen(world)).toEqual([]);
  });

  test("has the indexes for workers: no index of ailbl_session has a column that changes before the end", async ({
    world,
  }) => {
    const { rows } = await sql<{ column: string }>`
      select distinct a.attname as column from pg_index as i
      join pg_depend as d on d.classid = 'pg_class'::regclass and d.objid = i.indexrelid and d.refobjid = i.indrelid
      join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = d.refobjsubid
      where i.indrelid = 'ailbl_session'::regclass order by 1`.execute(world.db);
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
