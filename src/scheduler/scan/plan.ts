import type { Policy } from "../../schedules/policy.ts";
import type { SkippedStretch } from "../../schedules/slots/queries.ts";
import { listGapInstants, withGapInstants } from "../../timing/gap-instants.ts";
import { findNextInstant, findPreviousInstant } from "../../timing/instants.ts";
import type { Timing } from "../../timing/model.ts";
import { spreadStart } from "../../timing/spread.ts";

/** A slot that becomes a session. */
export interface PlannedSlot {
  readonly slot: Date;
  readonly dataIntervalStart: Date;
  /** When it may start: at the slot, or later by the schedule's `spread_seconds`. */
  readonly runAfter: Date;
}

/** The outcome of one scan for a due schedule. */
export interface SlotPlan {
  /** Slots that become sessions, oldest first. */
  readonly run: readonly PlannedSlot[];
  readonly skipped: readonly SkippedStretch[];
  /** The newest instant that was considered. */
  readonly lastSlot: Date;
  /** Null if no further instant exists. */
  readonly nextDueAt: Date | null;
}

interface DueSchedule extends Timing {
  readonly id: string;
  readonly policy: Policy;
  /** The first instant that no scan has considered; not after `now`. */
  readonly nextDueAt: Date;
}

/**
 * Decides what becomes of every instant from `nextDueAt` to `now`. An instant that is at most `punctualSeconds` old is on time
 * and always runs; an older instant was missed, and the misfire policy decides:
 *
 * ```
 *   nextDueAt          now - catch_up                    now - punctual        now
 *       ├──── missed_window ────┼─── missed: the policy decides ──┼─── on time ───┤
 * ```
 *
 * The cost follows the number of instants that run, not of missed instants: a stretch is computed from its two ends.
 */
export function planSlots(schedule: DueSchedule, now: Date, punctualSeconds: number): SlotPlan {
  if (schedule.policy.dst_gap === "shift") return planInstants(schedule, now, punctualSeconds);
  const leftOut = listGapInstants(schedule, schedule.nextDueAt, now);
  const skipped = leftOut.map((at) => ({ first: at, last: at, reason: "dst_gap" as const }));
  const nextDueAt = findNextInstant(withGapInstants(schedule), now);
  const isLeftOut = leftOut[0]?.getTime() === schedule.nextDueAt.getTime();
  const first = isLeftOut ? findNextInstant(schedule, schedule.nextDueAt) : schedule.nextDueAt;
  if (first === null || first > now) {
    return { run: [], skipped, lastSlot: leftOut.at(-1) ?? schedule.nextDueAt, nextDueAt };
  }
  const plan = planInstants({ ...schedule, nextDueAt: first }, now, punctualSeconds);
  const lastSlot = newer(plan.lastSlot, leftOut.at(-1));
  return { ...plan, skipped: [...plan.skipped, ...skipped], lastSlot, nextDueAt };
}

function newer(left: Date, right: Date | undefined): Date {
  return right !== undefined && right > left ? right : left;
}

/** `nextDueAt` is an instant that runs or was missed. */
function planInstants(schedule: DueSchedule, now: Date, punctualSeconds: number): SlotPlan {
  const { nextDueAt } = schedule;
  const following = findNextInstant(schedule, nextDueAt);
  const isOnlyOne = following === null || following > now;
  const lastSlot = isOnlyOne ? nextDueAt : newestUpTo(schedule, now);
  const chosen = chooseSlots(schedule, { now, lastSlot, punctualSeconds });
  return {
    run: chosen.map((slot, index) => toPlanned(schedule, slot, chosen[index - 1])),
    skipped: listSkipped(schedule, chosen, lastSlot, now),
    lastSlot,
    nextDueAt: isOnlyOne ? following : findNextInstant(schedule, now),
  };
}

/** @param before the slot chosen before it, which is the previous instant: chosen slots have no gap */
function toPlanned(schedule: DueSchedule, slot: Date, before: Date | undefined): PlannedSlot {
  const { id, policy } = schedule;
  return {
    slot,
    dataIntervalStart: before ?? findPreviousInstant(schedule, slot) ?? slot,
    runAfter: policy.spread_seconds === 0 ? slot : spreadStart(id, slot, policy, findNextInstant(schedule, slot)),
  };
}

/** The newest instant that is not after `now`. */
function newestUpTo(timing: Timing, now: Date): Date {
  const newest = findPreviousInstant(timing, new Date(now.getTime() + 1));
  if (newest === null) throw new Error("A trigger with a due instant has none before now");
  return newest;
}

/** Oldest first. */
function chooseSlots(
  schedule: DueSchedule,
  { now, lastSlot, punctualSeconds }: { now: Date; lastSlot: Date; punctualSeconds: number },
): Date[] {
  const { policy, nextDueAt } = schedule;
  const isNewEnough = (seconds: number) => (slot: Date) =>
    slot >= nextDueAt && now.getTime() - slot.getTime() <= seconds * 1000;
  // A trigger has at most one instant a second, so this count covers every punctual instant.
  const onTime = listBack(schedule, lastSlot, punctualSeconds + 1, isNewEnough(punctualSeconds));
  switch (policy.misfire) {
    case "skip":
      return onTime.reverse();
    case "latest":
      // A slot that is on time is the latest slot.
      return (onTime.length > 0 ? onTime : [lastSlot].filter(isNewEnough(policy.catch_up_seconds))).reverse();
    case "all": {
      const oldestOnTime = onTime.at(-1);
      const from = oldestOnTime === undefined ? lastSlot : findPreviousInstant(schedule, oldestOnTime);
      const caughtUp = listBack(schedule, from, policy.max_catch_up, isNewEnough(policy.catch_up_seconds));
      return [...onTime, ...caughtUp].reverse();
    }
    default:
      return policy.misfire satisfies never;
  }
}

/**
 * Up to `count` instants from `newest` back, newest first, until `isIncluded` says no. Computed one by one: each costs a tenth
 * of a millisecond, and usually far fewer are included than may be.
 */
function listBack(timing: Timing, newest: Date | null, count: number, isIncluded: (instant: Date) => boolean): Date[] {
  const instants: Date[] = [];
  let instant = newest;
  while (instant !== null && instants.length < count && isIncluded(instant)) {
    instants.push(instant);
    instant = findPreviousInstant(timing, instant);
  }
  return instants;
}

/** Stretches that were not chosen: older than the catch-up window, or left out by the policy. */
function listSkipped(schedule: DueSchedule, chosen: readonly Date[], lastSlot: Date, now: Date): SkippedStretch[] {
  const { policy, nextDueAt } = schedule;
  const oldestChosen = chosen[0];
  const last = oldestChosen === undefined ? lastSlot : findPreviousInstant(schedule, oldestChosen);
  if (last === null || last < nextDueAt) return [];
  const windowStart = new Date(now.getTime() - policy.catch_up_seconds * 1000);
  return splitAt(schedule, { first: nextDueAt, last }, windowStart);
}

/** Chosen instants are the newest without a gap, so the rest is one stretch, cut where the catch-up window begins. */
function splitAt(timing: Timing, { first, last }: { first: Date; last: Date }, windowStart: Date): SkippedStretch[] {
  if (first >= windowStart) return [{ first, last, reason: "misfire_policy" }];
  if (last < windowStart) return [{ first, last, reason: "missed_window" }];
  const lastBefore = findPreviousInstant(timing, windowStart) ?? first;
  const firstWithin = findNextInstant(timing, lastBefore) ?? last;
  return [
    { first, last: lastBefore, reason: "missed_window" },
    { first: firstWithin, last, reason: "misfire_policy" },
  ];
}
