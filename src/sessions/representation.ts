import type { Engines } from "../engines/registry.ts";
import { toTime } from "../platform/resource/fields.ts";
import { explain } from "./explanation.ts";
import type { Session } from "./model.ts";
import type { SessionRow } from "./queries.ts";

/** Converts a row to the session of the API. `run.url` comes from the engine. */
export function toSession(row: SessionRow, engines: Pick<Engines, "find">): Session {
  return {
    id: row.id,
    schedule_id: row.schedule_id,
    schedule_name: row.schedule_name,
    kind: row.kind,
    cause: row.cause,
    backfill_id: row.backfill_id,
    retry_of: row.retry_of,
    slot: row.slot.toISOString(),
    state: row.state,
    reason: row.reason,
    attempt: row.attempt,
    data_interval: { start: row.data_interval_start.toISOString(), end: row.slot.toISOString() },
    created: row.created.toISOString(),
    picked: toTime(row.picked),
    started: toTime(row.started),
    ended: toTime(row.ended),
    duration_seconds: toDuration(row),
    run: toRun(row, engines),
    error: row.error,
    explanation: explain(row),
    created_by: row.created_by,
    version: row.version,
  };
}

/** Null before the first launch begins. */
export function toRun(row: SessionRow, engines: Pick<Engines, "find">): Session["run"] {
  if (row.launch_started === null) return null;
  const url = row.run_id === null ? null : (engines.find(row.engine)?.toRunUrl(row.run_id) ?? null);
  return { engine: row.engine, id: row.run_id, url, status: row.run_status, result: row.result };
}

/** Seconds from start to end; null before the end, and for a session that never started. */
export function toDuration({ started, ended }: SessionRow): number | null {
  return started === null || ended === null ? null : (ended.getTime() - started.getTime()) / 1000;
}
