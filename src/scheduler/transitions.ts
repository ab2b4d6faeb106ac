import { createHash } from "node:crypto";
import { type RawBuilder, sql, type Updateable } from "kysely";
import { toJsonb } from "../platform/database/sql.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import type { RunError } from "./engines/engine.ts";
import type { SessionError } from "./model.ts";
import { type EndState, isLeased, type SessionState } from "./states.ts";
import type { SessionTable } from "./tables.ts";

/** What every write on a leased session carries: with another token in the row, the lease is another's. */
export interface Fence {
  readonly id: string;
  readonly leaseToken: number;
}

export interface Step {
  readonly from: SessionState;
  readonly to: SessionState;
  readonly at: Date;
  readonly actor: string;
  /** A word. */
  readonly cause: string;
  /** A sentence, where the word does not say it all. */
  readonly message?: string | null;
}

type Changes = {
  readonly [Column in keyof Updateable<SessionTable>]?: Updateable<SessionTable>[Column] | RawBuilder<unknown>;
};

/**
 * Takes a session one step on and writes it into its history, in one statement.
 *
 * @returns false when the row is in another state or under another lease: nothing was written
 */
export async function moveSession(
  db: Database,
  { id, leaseToken }: Fence,
  step: Step,
  changes: Changes = {},
): Promise<boolean> {
  const handBack: Changes = isLeased(step.to) ? {} : { lease_owner: null, lease_expires_at: null };
  const columns = Object.entries({ ...handBack, ...changes }).map(
    ([column, value]) => sql`, ${sql.ref(column)} = ${value}`,
  );
  const { rows } = await sql`
    with moved as (
      update ailbl_session set state = ${step.to}, version = version + 1 ${sql.join(columns, sql``)}
      where id = ${id} and state = ${step.from} and lease_token = ${leaseToken}
      returning id, attempt)
    insert into ailbl_session_event (session_id, at, from_state, to_state, attempt, actor, cause, message)
    select id, ${step.at}::timestamptz, ${step.from}, ${step.to}, attempt, ${step.actor}, ${step.cause}, ${step.message ?? null}::text
    from moved returning 1`.execute(db);
  return rows.length === 1;
}

/** What is known of a session's end. */
export interface SessionEnd {
  readonly state: EndState;
  readonly endedAt: Date;
  readonly startedAt?: Date | null;
  readonly runStatus?: string;
  readonly error: RunError | null;
  readonly result?: Record<string, unknown> | null;
  readonly output?: string | null;
}

/**
 * Ends a session: its state, error, result and the schedule's counters, all or nothing. In the caller's transaction.
 *
 * @returns false when the lease is lost: nothing was written
 */
export async function endSession(
  tx: DatabaseTransaction,
  fence: Fence,
  step: Omit<Step, "to">,
  end: SessionEnd,
): Promise<boolean> {
  const changes: Changes = {
    ended: end.endedAt,
    ...(end.startedAt === undefined || end.startedAt === null ? {} : { started: end.startedAt }),
    ...(end.runStatus === undefined ? {} : { run_status: end.runStatus }),
  };
  if (!(await moveSession(tx, fence, { ...step, to: end.state }, changes))) return false;
  const error = end.error === null ? null : toSessionError(end.error);
  await upsertEndDetail(tx, fence.id, error, end);
  await countEndedSession(tx, fence.id, end, error);
  return true;
}

/** The fingerprint leaves out what differs between two failures of one cause: numbers and ids. */
function toSessionError({ code, message, step }: RunError): SessionError {
  const cause = message.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, "#").replace(/\d+/g, "#");
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([code, step, cause]))
    .digest("hex")
    .slice(0, 12);
  return { code, message, step, fingerprint };
}

async function upsertEndDetail(
  tx: DatabaseTransaction,
  id: string,
  error: SessionError | null,
  end: SessionEnd,
): Promise<void> {
  if (error === null && end.result == null && end.output == null) return;
  await sql`insert into ailbl_session_detail (session_id, error, result, output)
    values (${id}, ${toNullableJsonb(error)}, ${toNullableJsonb(end.result ?? null)}, ${end.output ?? null})
    on conflict (session_id) do update
      set error = excluded.error, result = excluded.result, output = excluded.output`.execute(tx);
}

async function countEndedSession(
  tx: DatabaseTransaction,
  id: string,
  end: SessionEnd,
  error: SessionError | null,
): Promise<void> {
  const succeeded = end.state === "succeeded" ? 1 : 0;
  const failed = end.state === "failed" ? 1 : 0;
  await sql`update ailbl_schedule_stats as s
    set succeeded = s.succeeded + ${succeeded}::integer, failed = s.failed + ${failed}::integer,
      -- Cancels and skips say nothing about the job.
      consecutive_failures = case when ${end.state} = 'succeeded' then 0 else s.consecutive_failures + ${failed}::integer end,
      last_error = coalesce(${toNullableJsonb(failed === 1 ? error : null)}, s.last_error), changed = ${end.endedAt}::timestamptz
    from ailbl_session as e where e.id = ${id} and s.schedule_id = e.schedule_id`.execute(tx);
}

export function toNullableJsonb<T>(value: T | null): RawBuilder<T | null> {
  return value === null ? sql<null>`null::jsonb` : toJsonb(value);
}
