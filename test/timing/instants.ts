import { findPreviousInstant } from "../../src/timing/instants.ts";
import type { Timing } from "../../src/timing/model.ts";

/** At most `count` instants before `before`, newest first, each searched from the next, as a scan does. */
export function listPreviousInstants(timing: Timing, before: Date, count: number): Date[] {
  const instants: Date[] = [];
  let instant = findPreviousInstant(timing, before);
  while (instant !== null && instants.length < count) {
    instants.push(instant);
    instant = findPreviousInstant(timing, instant);
  }
  return instants;
}
