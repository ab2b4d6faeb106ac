import { isDeepStrictEqual } from "node:util";
import { isTimeZone } from "../platform/resource/fields.ts";
import { withGapInstants } from "../timing/gap-instants.ts";
import { findNextInstant, findPreviousInstant } from "../timing/instants.ts";
import type { DstPolicy, Timing } from "../timing/model.ts";
import type { Policy } from "./policy.ts";
import type { SkippedStretch } from "./slots/queries.ts";

/** The fields of a schedule that say from which instant on no scan has looked. */
interface Watermark extends Timing {
  readonly enable: boolean;
  readonly policy: DstPolicy & Pick<Policy, "max_sessions">;
  /** The first instant that no scan has looked at, while enabled. Null: there is none. */
  readonly next_due_at: Date | null;
  /** The same while disabled. */
  readonly paused_from: Date | null;
}

interface MovedWatermark {
  readonly next_due_at: Date | null;
  readonly paused_from: Date | null;
  /** Past instants that will never run. */
  readonly skipped: readonly SkippedStretch[];
}

/**
 * Decides how an edit at `now` moves the watermark. No edit fires for the past.
 *
 * | edit | next_due_at | paused_from | past instants since the watermark |
 * | --- | --- | --- | --- |
 * | none of these fields | unchanged | unchanged | stay for the next scan |
 * | disable | null | the watermark | reported as `paused` while disabled, recorded when enabled |
 * | enable | first instant after now | null | recorded as `paused` |
 * | trigger, window or daylight saving, while enabled | first instant after now | null | recorded as `edited` |
 * | the same while disabled | null | first instant after now | recorded as `paused` |
 * | `max_sessions`, after the last session | first instant after now | null | none |
 *
 * Another change of `max_sessions` moves nothing: the next scan reads it.
 */
export function moveWatermark(
  before: Watermark,
  after: Pick<Watermark, "enable" | "trigger" | "active" | "policy">,
  now: Date,
): MovedWatermark {
  const isSameTiming = hasSameInstants(before, after) && !isReopened(before, after);
  const from = before.enable ? before.next_due_at : before.paused_from;
  if (isSameTiming && before.enable === after.enable) {
    return { next_due_at: before.next_due_at, paused_from: before.paused_from, skipped: [] };
  }
  if (isSameTiming && before.enable) return { next_due_at: null, paused_from: from, skipped: [] };
  const reason = before.enable ? "edited" : "paused";
  const next = findNextInstant(withGapInstants(after), now);
  return {
    next_due_at: after.enable ? next : null,
    paused_from: after.enable ? null : next,
    skipped: listStretches(before, from, now, reason),
  };
}

/**
 * The instants from `from` to `now`, both included, as one stretch; empty when `from` is null or later than `now`. `from` alone in
 * a time zone that this process does not know: a schedule must be editable out of it.
 *
 * @param from an instant of `timing`, or of the timing with its gap instants
 */
export function listStretches(
  timing: Timing,
  from: Date | null,
  now: Date,
  reason: SkippedStretch["reason"],
): SkippedStretch[] {
  if (from === null || from > now) return [];
  if (!isTimeZone(timing.trigger.time_zone)) return [{ first: from, last: from, reason }];
  const last = findPreviousInstant(withGapInstants(timing), new Date(now.getTime() + 1)) ?? from;
  return [{ first: from, last: last < from ? from : last, reason }];
}

function hasSameInstants(left: Timing, right: Timing): boolean {
  return (
    isDeepStrictEqual([left.trigger, left.active], [right.trigger, right.active]) &&
    left.policy.dst_gap === right.policy.dst_gap &&
    left.policy.dst_overlap === right.policy.dst_overlap
  );
}

/** Whether a schedule that had used up its `max_sessions`, and was not disabled for it yet, gets another `max_sessions`. */
function isReopened(before: Watermark, after: Pick<Watermark, "policy">): boolean {
  return before.enable && before.next_due_at === null && before.policy.max_sessions !== after.policy.max_sessions;
}
