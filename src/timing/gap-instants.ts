import { listNextInstants } from "./instants.ts";
import type { Timing } from "./model.ts";
import { findChangeAfter } from "./wall-clock.ts";

/**
 * The timing that a scan goes by: with `dst_gap: skip` it has the skipped instants too, at the end of each gap, so that the scan
 * can record why nothing ran. Everything that says up to which instant a schedule was scanned goes by this timing as well.
 *
 * Example: `30 2 * * *` in Europe/Berlin with `dst_gap: skip` has no instant on 2026-03-29; the timing returned here has one at
 * 01:00 UTC, where the clocks go from 02:00 to 03:00.
 */
export function withGapInstants(timing: Timing): Timing {
  if (timing.policy.dst_gap === "shift") return timing;
  const { trigger, active, policy } = timing;
  return { trigger, active, policy: { dst_gap: "shift", dst_overlap: policy.dst_overlap } };
}

/** The instants that `dst_gap: skip` removes from `from` to `to`, both included; with `dst_gap: shift`, none. */
export function listGapInstants(timing: Timing, from: Date, to: Date): Date[] {
  const instants: Date[] = [];
  if (timing.policy.dst_gap === "shift") return instants;
  const zone = timing.trigger.time_zone;
  let change = findChangeAfter(from.getTime() - 1, zone);
  while (change !== null && change <= to.getTime()) {
    if (isInstant(withGapInstants(timing), change) && !isInstant(timing, change)) instants.push(new Date(change));
    change = findChangeAfter(change, zone);
  }
  return instants;
}

function isInstant(timing: Timing, time: number): boolean {
  return listNextInstants(timing, new Date(time - 1), 1)[0]?.getTime() === time;
}
