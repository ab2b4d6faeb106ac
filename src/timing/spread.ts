import { createHash } from "node:crypto";

/**
 * When the session of a slot may start: the slot plus a fixed fraction of `spread_seconds`, or of the time to the next slot where
 * that is shorter. It is a fraction and not a cut-off delay, so that schedules with a short period are spread as well.
 *
 * Example: with `spread_seconds` 600 a schedule whose fraction is 0.5 starts 5 minutes after each slot; if it has a slot every
 * minute, 30 seconds after it.
 *
 * @param next the slot after `slot`; null when there is none
 * @returns at or after `slot`, before `next`
 */
export function spreadStart(
  scheduleId: string,
  slot: Date,
  { spread_seconds }: { readonly spread_seconds: number },
  next: Date | null,
): Date {
  const periodMilliseconds = next === null ? Number.POSITIVE_INFINITY : next.getTime() - slot.getTime();
  const delayMilliseconds = toFraction(scheduleId) * Math.min(spread_seconds * 1000, periodMilliseconds);
  return new Date(slot.getTime() + Math.floor(delayMilliseconds));
}

/** From 0 to below 1; always the same for a schedule, in every process. */
function toFraction(scheduleId: string): number {
  return createHash("sha256").update(scheduleId).digest().readUInt32BE() / 2 ** 32;
}
