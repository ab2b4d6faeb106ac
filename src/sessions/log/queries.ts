import { sql } from "kysely";
import { maxOutputBytes, type RunOutput } from "../../engines/engine.ts";
import type { Database, DatabaseTransaction } from "../../platform/database/tables.ts";
import type { Fence } from "../moves.ts";
import type { SessionState } from "../states.ts";

/** The output of a session's run, written under a lease. */
export interface SessionOutput extends Fence {
  readonly output: RunOutput;
}

/** Pause between two writes of one output (up to 64 KiB), for runs that write all the time. */
const keepEverySeconds = 3;

/** Outputs per statement: 32 of them are 2 MiB of parameters. */
const batchSize = 32;

/**
 * Stores the outputs of runs under way that have grown and were not stored in the last 3 seconds. Asks first which are due, so that
 * other outputs are not sent to the database.
 *
 * @returns how many were stored; an output under a lost lease is not
 */
export async function keepOutputs(db: Database, outputs: readonly SessionOutput[], at: Date): Promise<number> {
  const due = new Set(await listDue(db, outputs, at));
  const dueOutputs = outputs.filter(({ id }) => due.has(id));
  let kept = 0;
  for (let start = 0; start < dueOutputs.length; start += batchSize) {
    kept += await upsertOutputs(db, dueOutputs.slice(start, start + batchSize), at);
  }
  return kept;
}

/** Stores the final outputs of runs, in the transaction that ends their sessions. */
export async function keepLastOutputs(
  tx: DatabaseTransaction,
  outputs: readonly SessionOutput[],
  at: Date,
): Promise<void> {
  for (let start = 0; start < outputs.length; start += batchSize) {
    await upsertOutputs(tx, outputs.slice(start, start + batchSize), at);
  }
}

async function listDue(db: Database, outputs: readonly SessionOutput[], at: Date): Promise<string[]> {
  const written = outputs.filter(({ output }) => output.writtenBytes > 0);
  if (written.length === 0) return [];
  const ids = written.map(({ id }) => id);
  const bytes = written.map(({ output }) => output.writtenBytes);
  const { rows } = await sql<{ id: string }>`
    select w.id from unnest(${ids}::uuid[], ${bytes}::bigint[]) as w (id, bytes)
    join ailbl_session as s on s.id = w.id
    left join ailbl_session_detail as d on d.session_id = w.id
    where d.output_at is null
      or ((d.output_bytes, d.output_attempt) is distinct from (w.bytes, s.attempt)
        and d.output_at <= ${at}::timestamptz - make_interval(secs => ${keepEverySeconds}))`.execute(db);
  return rows.map(({ id }) => id);
}

/** Skips locked rows: waiting for a worker that takes over or ends a session could take long, and the next poll writes again. */
async function upsertOutputs(db: Database, outputs: readonly SessionOutput[], at: Date): Promise<number> {
  if (outputs.length === 0) return 0;
  const { rows } = await sql`
    with written as (
      select * from unnest(${outputs.map(({ id }) => id)}::uuid[], ${outputs.map(({ leaseToken }) => leaseToken)}::integer[],
        ${outputs.map(({ output }) => output.text)}::text[], ${outputs.map(({ output }) => output.writtenBytes)}::bigint[])
        as w (id, lease_token, text, bytes)
    ), ours as (
      select s.id, s.attempt, w.text, w.bytes from ailbl_session as s
      join written as w on s.id = w.id and s.lease_token = w.lease_token
      for share of s skip locked
    )
    insert into ailbl_session_detail (session_id, output, output_attempt, output_at, output_bytes)
    select id, text, attempt, ${at}::timestamptz, bytes from ours
    on conflict (session_id) do update set output = excluded.output, output_attempt = excluded.output_attempt,
      output_at = excluded.output_at, output_bytes = excluded.output_bytes
    returning 1`.execute(db);
  return rows.length;
}

/** The stored output of a session. */
export interface SessionLogRow {
  readonly session_id: string;
  readonly state: SessionState;
  readonly session_attempt: number;
  readonly attempt: number;
  readonly text: string;
  readonly is_truncated: boolean;
  readonly at: Date | null;
}

/** Reads the stored output of a session. An older version of EOM stored no `output_at`; the end of the session is used then. */
export async function findSessionLog(db: Database, id: string): Promise<SessionLogRow | undefined> {
  const { rows } = await sql<SessionLogRow>`
    select s.id as session_id, s.state, s.attempt as session_attempt, coalesce(d.output_attempt, s.attempt) as attempt,
      coalesce(d.output, '') as text, coalesce(d.output_bytes > ${maxOutputBytes}, false) as is_truncated,
      coalesce(d.output_at, case when d.output is not null then s.ended end) as at
    from ailbl_session as s left join ailbl_session_detail as d on d.session_id = s.id where s.id = ${id}`.execute(db);
  return rows[0];
}
