import type { SkippedStretch } from "../../schedules/slots/queries.ts";
import type { PlannedSlot, SlotPlan } from "./plan.ts";

/** How many slots may still become sessions. */
export function countLeft(maxSessions: number | null, slotSessions: number): number {
  return maxSessions === null ? Number.POSITIVE_INFINITY : Math.max(0, maxSessions - slotSessions);
}

/** The slots that may become sessions: the oldest, as if the scans had never stopped. */
export function listWithin(plan: SlotPlan, left: number): readonly PlannedSlot[] {
  return plan.run.slice(0, left);
}

/**
 * Cuts a plan to `max_sessions`, after `inserted` new sessions. With the last session the schedule is over, and the slots beyond
 * are skipped: of 5 planned slots with 3 left, the last 2. If a slot had its session already (the clock of the process that
 * edited the schedule was behind), fewer sessions are new than planned, and the next scan plans the rest.
 */
export function limitPlan(plan: SlotPlan, left: number, inserted: number): SlotPlan {
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
