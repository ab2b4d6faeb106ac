import { findNextInstant } from "./instants.ts";
import type { Timing } from "./model.ts";

/** At most `count` slots from `from` (included) to `to` (excluded), in their order; none beyond `to` is computed but the first. */
export function listSlotsBetween(timing: Timing, { from, to }: { from: Date; to: Date }, count: number): Date[] {
  const slots: Date[] = [];
  // Instants come after the one asked for, and `from` may be one.
  let slot = findNextInstant(timing, new Date(from.getTime() - 1));
  while (slot !== null && slot < to && slots.length < count) {
    slots.push(slot);
    slot = slots.length < count ? findNextInstant(timing, slot) : null;
  }
  return slots;
}
