import { findPreviousInstant } from "../../src/timing/instants.ts";
import type { Timing } from "../../src/timing/model.ts";

/** At most `count` instants before `before`, the newest first: each from the one after it, as a scan walks back. */
export function listPreviousInstants(timing: Timing, before: Date, count: number): Date[] {
  const found: Date[] = [];
  let instant = findPreviousInstant(timing, before);
  while (instant !== null && found.length < count) {
    found.push(instant);
    instant = findPreviousInstant(timing, instant);
  }
  return found;
}
