import { isDeepStrictEqual } from "node:util";
import { withGapInstants } from "../timing/gap-instants.ts";
import { findNextInstant, findPreviousInstant } from "../timing/instants.ts";
import type { DstPolicy, Timing } from "../timing/model.ts";
import type { Policy } from "./policy.ts";
import type { SkippedStretch } from "./slots/queries.ts";

/** What a schedule's instants hang on: which there are, and from where on nobody has looked at them. */
export interface Watermark extends Timing {
  readonly enable: boolean;
  readonly policy: DstPolicy & Pick<Policy, "max_sessions">;
  /** While it is enabled. Null when none is to come. */
  readonly next_due_at: Date | null;
  /** While it is disabled: the first instant that nobody looked at. */
  readonly paused_from: Date | null;
}

interface Moved {
  readonly next_due_at: Date | null;
  readonly paused_from: Date | null;
  /** Instants that are over and will never run. */
  readonly skipped: readonly SkippedStretch[];
}

/**
 * What an edit does to the instants: a new trigger, window or policy of daylight saving, or enabling, begins with the first
 * instant after `now`; whatever was not looked at before is recorded and never runs. Disabling only remembers where it
 * stopped. One whose `max_sessions` is used up and that nobody has disabled yet begins anew with another `max_sessions`;
 * any other change of that is heeded by the next scan.
 */
export function moveWatermark(
  before: Watermark,
  after: Pick<Watermark, "enable" | "trigger" | "active" | "policy">,
  now: Date,
): Moved {
  const isSameTiming = isSame(before, after) && !isReopened(before, after);
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

/** The instants from `from` to `now`, as one stretch or none. */
export function listStretches(
  timing: Timing,
  from: Date | null,
  now: Date,
  reason: SkippedStretch["reason"],
): SkippedStretch[] {
  if (from === null || from > now) return [];
  const last = findPreviousInstant(withGapInstants(timing), new Date(now.getTime() + 1)) ?? from;
  return [{ first: from, last: last < from ? from : last, reason }];
}

function isSame(one: Timing, other: Timing): boolean {
  const [{ policy }, { policy: otherPolicy }] = [one, other];
  return (
    isDeepStrictEqual([one.trigger, one.active], [other.trigger, other.active]) &&
    policy.dst_gap === otherPolicy.dst_gap &&
    policy.dst_overlap === otherPolicy.dst_overlap
  );
}

function isReopened(before: Watermark, after: Pick<Watermark, "policy">): boolean {
  return before.enable && before.next_due_at === null && before.policy.max_sessions !== after.policy.max_sessions;
}
