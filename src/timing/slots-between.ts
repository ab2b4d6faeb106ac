import { findNextInstant } from "./instants.ts";
import type { Timing } from "./model.ts";

/**
 * At most `count` slots from `from` (included) to `to` (excluded), oldest first. Computes no slot that it does not return, but for
 * the first one at or after `to`.
 */
export function listSlotsBetween(timing: Timing, { from, to }: { from: Date; to: Date }, count: number): Date[] {
  const slots: Date[] = [];
  // One millisecond earlier: `from` itself may be a slot, and the next instant is always later than the time given.
  let slot = findNextInstant(timing, new Date(from.getTime() - 1));
  while (slot !== null && slot < to && slots.length < count) {
    slots.push(slot);
    slot = slots.length < count ? findNextInstant(timing, slot) : null;
  }
  return slots;
}
