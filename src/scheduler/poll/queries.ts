import { sql } from "kysely";
import { maxStatusIds, type RunStatus } from "../../engines/engine.ts";
import type { Database } from "../../platform/database/tables.ts";
import type { StopReason } from "../../sessions/stop.ts";
import type { EngineContext } from "../context.ts";
import type { IdRange } from "../row-pages.ts";

/** A running session that this process holds, as a poll needs it. */
export interface RunningSession {
  readonly id: string;
  readonly lease_token: number;
  readonly attempt: number;
  readonly run_id: string;
  /** See second-runs.ts. */
  readonly runs_checked: boolean;
  readonly run_status: string | null;
  readonly started: Date | null;
  readonly launch_started: Date;
  readonly launch_timeout_seconds: number;
  readonly max_runtime_seconds: number | null;
  readonly stop_reason: StopReason | null;
  readonly stop_requested: Date | null;
  readonly missed_polls: number;
  /** When the first of the missed polls was; meaningless without missed polls. */
  readonly missed_since: Date | null;
}

/** One page of the sessions that this process runs on the engine, by id, as many as one status request may ask for. */
export async function listRunning(
  { db, engine, lease }: EngineContext,
  { after, until }: IdRange,
): Promise<RunningSession[]> {
  const { rows } = await sql<RunningSession>`
    select s.id, s.lease_token, s.attempt, s.run_id, s.runs_checked, s.run_status, s.started, s.launch_started, s.launch_timeout_seconds,
      s.max_runtime_seconds, s.stop_reason, s.stop_requested, s.missed_polls, s.polled as missed_since
    from ailbl_open_session as o join ailbl_session as s on s.id = o.session_id
    where o.phase = 'active' and o.engine = ${engine.name} and o.lease_owner = ${lease.owner}
      and o.session_id > ${after} and o.session_id <= ${until} and s.state = 'running' and s.lease_owner = o.lease_owner
    order by o.session_id limit ${maxStatusIds}`.execute(db);
  return rows;
}

/** The status of a run that has not ended. */
export type LiveStatus = Extract<RunStatus, { state: "queued" | "running" }>;

/** The status of a run under way; null if its engine did not know the run. */
export interface StatusReport {
  readonly session: RunningSession;
  readonly status: LiveStatus | null;
}

/** Writes statuses that differ from the stored ones; in most polls none does. The expected state is a column, see launch/queries.ts. */
export async function updateStatuses(db: Database, reports: readonly StatusReport[], now: Date): Promise<void> {
  const changed = reports.filter(isChange);
  if (changed.length === 0) return;
  const started = changed.map(({ status }) =>
    status?.state === "running" ? (status.startedAt?.toISOString() ?? null) : null,
  );
  await sql`
    update ailbl_session as s
    set run_status = coalesce(r.run_status, s.run_status), started = coalesce(s.started, r.started),
      missed_polls = case when r.run_status is null then s.missed_polls + 1 else 0 end,
      polled = case when r.run_status is null and s.missed_polls = 0 then ${now}::timestamptz else s.polled end,
      version = s.version + case when r.run_status is null then 0 else 1 end
    from unnest(${changed.map(({ session }) => session.id)}::uuid[], ${changed.map(({ session }) => session.lease_token)}::integer[],
      ${changed.map(({ status }) => status?.state ?? null)}::text[], ${started}::text[]::timestamptz[],
      ${changed.map(() => "running")}::text[]) as r (id, lease_token, run_status, started, state)
    where s.id = r.id and s.state = r.state and s.lease_token = r.lease_token`.execute(db);
}

function isChange({ session, status }: StatusReport): boolean {
  if (status === null || session.missed_polls > 0) return true;
  const isStarted = status.state === "running" && status.startedAt !== null && session.started === null;
  return session.run_status !== status.state || isStarted;
}
