import { createHash } from "node:crypto";

/**
 * When a slot's session may start: after it by the schedule's own part of the spread, or of the time to the next slot where
 * that is shorter. A part of it and not cut off at its end, so that schedules of a short period are spread over it as well.
 *
 * @returns before `next`
 */
export function spreadStart(
  scheduleId: string,
  slot: Date,
  { spread_seconds }: { readonly spread_seconds: number },
  next: Date | null,
): Date {
  const room = next === null ? Number.POSITIVE_INFINITY : next.getTime() - slot.getTime();
  return new Date(slot.getTime() + Math.floor(toPart(scheduleId) * Math.min(spread_seconds * 1000, room)));
}

/** The same for a schedule whenever and wherever it is asked: from 0, below 1. */
function toPart(scheduleId: string): number {
  return createHash("sha256").update(scheduleId).digest().readUInt32BE() / 2 ** 32;
}
