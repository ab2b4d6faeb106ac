import { isDeepStrictEqual } from "node:util";
import { sql } from "kysely";
import type { Database } from "../../src/platform/database/tables.ts";
import type { Schedule } from "../../src/schedules/model.ts";
import { withGapInstants } from "../../src/timing/gap-instants.ts";
import { findNextInstant } from "../../src/timing/instants.ts";

/** A schedule as the audit trail records it, in force from `at` to the next version. Times are in milliseconds. */
export interface Version {
  readonly at: number;
  readonly schedule: Schedule;
}

/** An instant of the trigger in force at that time. */
export interface Instant {
  readonly at: number;
  /** `dst_gap: skip` leaves it out: it must have a recorded reason, and no session. */
  readonly isLeftOut: boolean;
}

/** Lists the versions of a schedule, oldest first. */
export async function listVersions(db: Database, scheduleId: string): Promise<Version[]> {
  const { rows } = await sql<{ after: Schedule }>`
    select after from eom_audit
    where kind = 'schedule' and object_id = ${scheduleId} and after ? 'trigger' order by (after ->> 'version')::integer`.execute(
    db,
  );
  return rows.map(({ after }) => ({ at: Date.parse(after.modified), schedule: after }));
}

/** Lists every instant from the schedule's creation until `end`, by brute force: one after another, by the trigger in force. */
export function listInstants(versions: readonly Version[], end: number): Instant[] {
  return versions.flatMap(({ at, schedule }, index) => {
    const until = Math.min(versions[index + 1]?.at ?? end, end);
    const kept = new Set(listBetween(schedule, at, until));
    return listBetween(withGapInstants(schedule), at, until).map((time) => ({ at: time, isLeftOut: !kept.has(time) }));
  });
}

/** Excludes `from` and includes `to`: an edit at the time of an instant does not change that instant. */
function listBetween(timing: Parameters<typeof findNextInstant>[0], from: number, to: number): number[] {
  const times: number[] = [];
  let next = from < to ? findNextInstant(timing, new Date(from)) : null;
  while (next !== null && next.getTime() <= to) {
    times.push(next.getTime());
    next = findNextInstant(timing, next);
  }
  return times;
}

/** Lists the versions that may have been in force at a time: two, if the schedule was edited at that very time. */
export function listInForce(versions: readonly Version[], at: number): Schedule[] {
  return versions
    .filter((version, index) => version.at <= at && (versions[index + 1]?.at ?? Number.POSITIVE_INFINITY) >= at)
    .map(({ schedule }) => schedule);
}

/** Whether an edit changes the instants of a schedule. */
export function isRetimed(before: Schedule, after: Schedule): boolean {
  const toTiming = ({ trigger, active, policy: { dst_gap, dst_overlap } }: Schedule) => [
    trigger,
    active,
    dst_gap,
    dst_overlap,
  ];
  return !isDeepStrictEqual(toTiming(before), toTiming(after));
}

/** Whether an edit may give slots again to a schedule that was over. For example a higher `max_sessions`. */
export function isReopened(before: Schedule, after: Schedule): boolean {
  const isOtherLimit = before.enable && before.policy.max_sessions !== after.policy.max_sessions;
  return isRetimed(before, after) || (!before.enable && after.enable) || isOtherLimit;
}
