import { sql } from "kysely";
import type { RunStatus } from "../../engines/engine.ts";
import type { Database } from "../../platform/database/tables.ts";
import type { RunningSession } from "./run-end.ts";

/** What a poll has found of a run under way; null when its engine did not know it. */
export interface RunNews {
  readonly session: RunningSession;
  readonly status: Extract<RunStatus, { state: "queued" | "running" }> | null;
}

/**
 * Writes down what differs from what is known: in most polls nothing does, and nothing is written. The wanted state comes with
 * each row, as in launch-queries.ts.
 */
export async function noteStatuses(db: Database, news: readonly RunNews[], now: Date): Promise<void> {
  const rows = news.filter(isNews);
  if (rows.length === 0) return;
  const started = rows.map(({ status }) =>
    status?.state === "running" ? (status.startedAt?.toISOString() ?? null) : null,
  );
  await sql`
    update ailbl_session as s
    set run_status = coalesce(w.run_status, s.run_status), started = coalesce(s.started, w.started),
      missed_polls = case when w.run_status is null then s.missed_polls + 1 else 0 end,
      polled = case when w.run_status is null and s.missed_polls = 0 then ${now}::timestamptz else s.polled end,
      version = s.version + case when w.run_status is null then 0 else 1 end
    from unnest(${rows.map(({ session }) => session.id)}::uuid[], ${rows.map(({ session }) => session.lease_token)}::integer[],
      ${rows.map(({ status }) => status?.state ?? null)}::text[], ${started}::text[]::timestamptz[],
      ${rows.map(() => "running")}::text[]) as w (id, lease_token, run_status, started, state)
    where s.id = w.id and s.state = w.state and s.lease_token = w.lease_token`.execute(db);
}

function isNews({ session, status }: RunNews): boolean {
  if (status === null || session.missed_polls > 0) return true;
  const isStarted = status.state === "running" && status.startedAt !== null && session.started === null;
  return session.run_status !== status.state || isStarted;
}
