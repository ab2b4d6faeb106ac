import type { SkippedStretch } from "../../schedules/slots/queries.ts";
import type { PlannedSlot, SlotPlan } from "./plan.ts";

/** How many slots may still become sessions. */
export function countLeft(maxSessions: number | null, slotSessions: number): number {
  return maxSessions === null ? Number.POSITIVE_INFINITY : Math.max(0, maxSessions - slotSessions);
}

/** Those that may become sessions: the oldest, as if there had been no stand-still. */
export function listWithin(plan: SlotPlan, left: number): readonly PlannedSlot[] {
  return plan.run.slice(0, left);
}

/**
 * What becomes of a plan of which `left` may run, after `inserted` new sessions. With the last one the schedule is over,
 * and what lies beyond is skipped. Fewer are new than were wanted when a slot had its session already (the clock of who
 * edited the schedule was behind): then the rest is looked at again, with what is still left.
 */
export function settlePlan(plan: SlotPlan, left: number, inserted: number): SlotPlan {
  const beyond = plan.run[left];
  if (inserted >= left) return { ...plan, skipped: [...plan.skipped, ...listBeyond(plan, left)], nextDueAt: null };
  if (beyond === undefined) return plan;
  return {
    ...plan,
    skipped: plan.skipped.filter(({ first }) => first < beyond.slot),
    lastSlot: plan.run[left - 1]?.slot ?? plan.lastSlot,
    nextDueAt: beyond.slot,
  };
}

function listBeyond({ run }: SlotPlan, left: number): SkippedStretch[] {
  const [first, last] = [run[left], run.at(-1)];
  if (first === undefined || last === undefined) return [];
  return [{ first: first.slot, last: last.slot, reason: "max_sessions" }];
}
