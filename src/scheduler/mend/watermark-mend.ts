import type { Disabled } from "../../schedules/model.ts";
import type { Policy } from "../../schedules/policy.ts";
import { withGapInstants } from "../../timing/gap-instants.ts";
import { findNextInstant } from "../../timing/instants.ts";
import type { Timing } from "../../timing/model.ts";

/** A scan of another process may have moved a watermark on while this process read it, by a clock that is a little ahead. */
const slackMilliseconds = 10_000;

/** A schedule whose watermark is checked. */
export interface WatermarkedSchedule extends Timing {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly enable: boolean;
  readonly policy: Policy;
  readonly slot_sessions: number;
  /** Null: never due. */
  readonly next_due_at: Date | null;
  readonly disabled: Disabled | null;
  readonly scanned: Date | null;
  readonly modified: Date;
}

/** The correction of a wrong watermark: another `next_due_at`, or the schedule is enabled again. */
export type Mend = { readonly to: Date | null } | "enable";

/**
 * Decides whether the watermark of a schedule is one that a scan could have left at `now`. It is not when a clock was ahead at a
 * scan, or when the rules of the time zone have changed since.
 *
 * | `next_due_at` | mend |
 * | --- | --- |
 * | not after `now` | none: the next scan reads it |
 * | the next instant | none |
 * | later than the next instant, or no instant by today's rules | the first instant since the last scan or edit |
 * | none, though instants are to come and `max_sessions` is not used up | the next instant |
 * | disabled as over, not edited since, and the same | enable |
 *
 * @returns null when the watermark is right
 * @throws VALIDATION_ERROR when this process does not know the time zone
 */
export function findMend(schedule: WatermarkedSchedule, now: Date): Mend | null {
  const { enable, next_due_at: due } = schedule;
  const timing = withGapInstants(schedule);
  const next = findNextInstant(timing, now);
  if (isUsedUp(schedule) || (due !== null && due <= now)) return null;
  if (due !== null) {
    return isRightWatermark(timing, due, now) ? null : { to: findNextInstant(timing, findLastLook(schedule, now)) };
  }
  if (next === null) return null;
  if (enable) return { to: next };
  return isDisabledAsOver(schedule) ? "enable" : null;
}

function isUsedUp({ policy, slot_sessions }: WatermarkedSchedule): boolean {
  return policy.max_sessions !== null && slot_sessions >= policy.max_sessions;
}

/** A person who edits such a schedule decides when to enable it. */
function isDisabledAsOver({ disabled, modified }: WatermarkedSchedule): boolean {
  return disabled?.reason === "over" && disabled.at === modified.toISOString();
}

/** Whether `due` is an instant, and no other instant is before it. */
function isRightWatermark(timing: Timing, due: Date, now: Date): boolean {
  const next = findNextInstant(timing, new Date(now.getTime() + slackMilliseconds));
  if (next?.getTime() === due.getTime()) return true;
  return (next === null || due < next) && isInstant(timing, due);
}

function isInstant(timing: Timing, at: Date): boolean {
  return findNextInstant(timing, new Date(at.getTime() - 1))?.getTime() === at.getTime();
}

/** When a scan or an edit last looked at the schedule; `now` if that was by a clock that was ahead. */
function findLastLook({ scanned, modified }: WatermarkedSchedule, now: Date): Date {
  const look = scanned !== null && scanned > modified ? scanned : modified;
  return look > now ? now : look;
}
