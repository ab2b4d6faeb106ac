import { toTime } from "../platform/resource/fields.ts";
import type { Schedule, ScheduleState } from "./model.ts";
import type { ScheduleRow } from "./queries.ts";

/** A schedule as the API shows it. */
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

/** The same rule as the filter `state` in list.ts. */
export function toScheduleState({ enable, disabled, consecutive_failures }: ScheduleRow): ScheduleState {
  if (enable) return consecutive_failures > 0 ? "failing" : "ok";
  return disabled?.reason === "failing" || disabled?.reason === "over" ? disabled.reason : "disabled";
}

/**
 * Whether no worker has written to the schedule since its last edit. `version` counts edits only, so only then does an equal
 * version mean that a cached copy is still correct.
 */
export function isQuiet(row: ScheduleRow): boolean {
  return [row.scanned, row.changed].every((time) => time === null || time < row.modified);
}
