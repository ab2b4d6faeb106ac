import type { Engines } from "../engines/registry.ts";
import { explain } from "../sessions/explanation.ts";
import type { Session } from "../sessions/model.ts";
import type { SessionRow } from "../sessions/queries.ts";
import type { Schedule, ScheduleState } from "./model.ts";
import type { ScheduleRow } from "./queries.ts";

/** A schedule as the API tells it. */
export function toSchedule(row: ScheduleRow): Schedule {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    kind: row.kind,
    enable: row.enable,
    state: toScheduleState(row),
    owner: row.owner,
    engine: row.engine,
    labels: row.labels,
    trigger: row.trigger,
    active: row.active,
    job: row.job,
    params: row.params,
    policy: row.policy,
    next_due_at: toTime(row.next_due_at),
    last_slot: toTime(row.last_slot),
    disabled: row.disabled,
    stats: {
      sessions: row.sessions,
      succeeded: row.succeeded,
      failed: row.failed,
      consecutive_failures: row.consecutive_failures,
      last_error: row.last_error,
    },
    created: row.created.toISOString(),
    created_by: row.created_by,
    modified: row.modified.toISOString(),
    modified_by: row.modified_by,
    version: row.version,
  };
}

/** As the filter `state` finds it (schedule-list.ts). */
export function toScheduleState({ enable, disabled, consecutive_failures }: ScheduleRow): ScheduleState {
  if (enable) return consecutive_failures > 0 ? "failing" : "ok";
  return disabled?.reason === "failing" || disabled?.reason === "over" ? disabled.reason : "disabled";
}

/**
 * Whether no worker has changed what is told of the schedule since people last did: only then does its version, which counts
 * their changes alone, say that a copy is still right.
 */
export function isQuiet(row: ScheduleRow): boolean {
  return [row.scanned, row.changed].every((time) => time === null || time < row.modified);
}

/** A session as lists tell it. */
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

/** Null before a run may exist. */
function toRun(row: SessionRow, engines: Pick<Engines, "find">): Session["run"] {
  if (row.launch_started === null) return null;
  const url = row.run_id === null ? null : (engines.find(row.engine)?.toRunUrl(row.run_id) ?? null);
  return { engine: row.engine, id: row.run_id, url, status: row.run_status, result: row.result };
}

function toDuration({ started, ended }: SessionRow): number | null {
  return started === null || ended === null ? null : (ended.getTime() - started.getTime()) / 1000;
}

export function toTime(time: Date | null): string | null {
  return time === null ? null : time.toISOString();
}
