import type { LaunchRequest, SessionAttempt } from "../engine.ts";

/** A tag of a run. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** The tags by which a run is found again. Dagster chooses the id of a run, so EOM cannot search by it. */
export function toAttemptTags({ sessionId, attempt }: SessionAttempt): Tag[] {
  return [
    { key: "eom/session_id", value: sessionId },
    { key: "eom/attempt", value: String(attempt) },
  ];
}

/** All tags of a launch. EOM's replace the schedule's; Dagster lets both replace the job's own. */
export function toLaunchTags(request: LaunchRequest): Tag[] {
  const own: Tag[] = [
    ...toAttemptTags(request),
    { key: "eom/schedule_id", value: request.scheduleId },
    { key: "eom/slot", value: toBasicTime(request.slot) },
    // A retry by Dagster would be another run of this session with the same tags.
    { key: "dagster/max_retries", value: "0" },
  ];
  const taken = new Set(own.map(({ key }) => key));
  const given = Object.entries(request.tags).map(([key, value]) => ({ key, value }));
  return [...given.filter(({ key }) => !taken.has(key)), ...own];
}

/** Whether a schedule may not set the tag: EOM's own, Dagster's hidden ones, and the one that makes Dagster retry. */
export function isReservedTag(key: string): boolean {
  return key.startsWith("eom/") || key.startsWith(".dagster/") || key === "dagster/max_retries";
}

/** ISO 8601 in its basic format, such as 20261123T100000Z: a tag value with a colon cannot be set in the code of a job. */
function toBasicTime(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d+/g, "");
}
