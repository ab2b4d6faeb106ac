import type { LaunchRequest, SessionAttempt } from "../engine.ts";

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** By these alone a run is found again: Dagster gives it an id of its own choosing. */
export function toAttemptTags({ sessionId, attempt }: SessionAttempt): Tag[] {
  return [
    { key: "eom/session_id", value: sessionId },
    { key: "eom/attempt", value: String(attempt) },
  ];
}

/** Ours win over the schedule's, and all of these over the job's own. */
export function toLaunchTags(request: LaunchRequest): Tag[] {
  const own: Tag[] = [
    ...toAttemptTags(request),
    { key: "eom/schedule_id", value: request.scheduleId },
    { key: "eom/slot", value: toBasicTime(request.slot) },
    // A Dagster that retries runs by itself would make another run of this session, with the same tags.
    { key: "dagster/max_retries", value: "0" },
  ];
  const taken = new Set(own.map(({ key }) => key));
  const given = Object.entries(request.tags).map(([key, value]) => ({ key, value }));
  return [...given.filter(({ key }) => !taken.has(key)), ...own];
}

/** Those of EOM, those that Dagster hides and keeps for itself, and the one that would make it retry. */
export function isReservedTag(key: string): boolean {
  return key.startsWith("eom/") || key.startsWith(".dagster/") || key === "dagster/max_retries";
}

/** ISO 8601 in its basic format, as 20261123T100000Z: a tag that a colon is in cannot be given to a job in code. */
function toBasicTime(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d+/g, "");
}
