import { isDeepStrictEqual } from "node:util";
import { sql } from "kysely";
import type { Database } from "../../src/platform/database/tables.ts";
import type { Schedule } from "../../src/schedules/model.ts";
import { withGapInstants } from "../../src/timing/gap-instants.ts";
import { findNextInstant } from "../../src/timing/instants.ts";

/** A schedule as it stood from a moment on, as the audit trail tells it. */
export interface Version {
  readonly at: number;
  readonly schedule: Schedule;
}

/** An instant of the trigger that was in force at its time. */
export interface Instant {
  readonly at: number;
  /** `dst_gap: skip` left it out: something must say so, and nothing may run. */
  readonly isLeftOut: boolean;
}

/** Oldest first. */
export async function listVersions(db: Database, scheduleId: string): Promise<Version[]> {
  const { rows } = await sql<{ after: Schedule }>`
    select after from eom_audit
    where kind = 'schedule' and object_id = ${scheduleId} and after ? 'trigger' order by (after ->> 'version')::integer`.execute(
    db,
  );
  return rows.map(({ after }) => ({ at: Date.parse(after.modified), schedule: after }));
}

/** Every instant from the schedule's making until `end`, by brute force: one after the other, of the trigger of its time. */
export function listInstants(versions: readonly Version[], end: number): Instant[] {
  return versions.flatMap(({ at, schedule }, index) => {
    const until = Math.min(versions[index + 1]?.at ?? end, end);
    const kept = new Set(listBetween(schedule, at, until));
    return listBetween(withGapInstants(schedule), at, until).map((time) => ({ at: time, isLeftOut: !kept.has(time) }));
  });
}

/** `from` excluded, `to` included: an edit at an instant comes too late for it. */
function listBetween(timing: Parameters<typeof findNextInstant>[0], from: number, to: number): number[] {
  const times: number[] = [];
  let next = from < to ? findNextInstant(timing, new Date(from)) : null;
  while (next !== null && next.getTime() <= to) {
    times.push(next.getTime());
    next = findNextInstant(timing, next);
  }
  return times;
}

/** Those that may have been in force at a moment: an edit at that very moment came before or after what else happened then. */
export function listInForce(versions: readonly Version[], at: number): Schedule[] {
  return versions
    .filter((version, index) => version.at <= at && (versions[index + 1]?.at ?? Number.POSITIVE_INFINITY) >= at)
    .map(({ schedule }) => schedule);
}

export function isRetimed(before: Schedule, after: Schedule): boolean {
  const toTiming = ({ trigger, active, policy: { dst_gap, dst_overlap } }: Schedule) => [
    trigger,
    active,
    dst_gap,
    dst_overlap,
  ];
  return !isDeepStrictEqual(toTiming(before), toTiming(after));
}

/** With it, a schedule that was over has slots again. */
export function isReopened(before: Schedule, after: Schedule): boolean {
  const isOtherLimit = before.enable && before.policy.max_sessions !== after.policy.max_sessions;
  return isRetimed(before, after) || (!before.enable && after.enable) || isOtherLimit;
}
