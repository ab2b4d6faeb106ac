import type { DstPolicy } from "./model.ts";
import { createTimetable, type Timetable } from "./timetable.ts";
import { findChangeAfter, findChangeBefore, findEpoch, type Pass, toEpoch, toWall, toWallTime } from "./wall-clock.ts";

/**
 * The instants at which a zone shows the wall clocks of `walls`. The instants of `walls` are wall clocks, read as if they were UTC.
 *
 * In an overlap the wall clock starts again while time goes on, so "both" is two sequences, the first pass and the second pass,
 * and the next instant is the nearer of the two:
 *
 * ```
 *   wall clock   00:30    01:00  01:30 │ 01:00  01:30 │ 02:00
 *   first          ●        ●      ●   │              │   ●
 *   second         ●                   │   ●      ●   │   ●
 * ```
 */
export function createZonedTimetable(walls: Timetable, zone: string, { dst_gap, dst_overlap }: DstPolicy): Timetable {
  const passes = passesOf[dst_overlap].map((pass) => createPass(walls, zone, pass, dst_gap));
  const [only] = passes;
  if (passes.length === 1 && only !== undefined) return createTimetable(only);
  return createTimetable({
    findNext: (after) =>
      choose(
        Math.min,
        passes.map((pass) => pass.findNext(after)),
      ),
    findPrevious: (before) =>
      choose(
        Math.max,
        passes.map((pass) => pass.findPrevious(before)),
      ),
  });
}

const passesOf: Readonly<Record<DstPolicy["dst_overlap"], readonly Pass[]>> = {
  first: ["earlier"],
  second: ["later"],
  both: ["earlier", "later"],
};

function choose(best: (...times: number[]) => number, instants: readonly (number | null)[]): number | null {
  const times = instants.filter((time) => time !== null);
  return times.length === 0 ? null : best(...times);
}

/** In one pass, wall clocks and instants have the same order; all wall clocks of a gap are one instant, its end. */
function createPass(walls: Timetable, zone: string, pass: Pass, gap: DstPolicy["dst_gap"]) {
  const toEpochByPolicy = gap === "shift" ? toEpoch : findEpoch;
  const toInstant = (wall: Date) => toEpochByPolicy(toWall(wall.getTime(), "UTC"), zone, pass);

  function findNext(after: number): number | null {
    let wall = walls.nextRun(new Date(earliestWall(after, zone)));
    while (wall !== null) {
      const instant = toInstant(wall);
      if (instant !== null && instant > after) return instant;
      wall = walls.nextRun(wall);
    }
    return null;
  }

  function findPrevious(before: number): number | null {
    let wall = walls.previousRuns(1, new Date(latestWall(before, zone)))[0];
    while (wall !== undefined) {
      const instant = toInstant(wall);
      if (instant !== null && instant < before) return instant;
      wall = walls.previousRuns(1, wall)[0];
    }
    return null;
  }

  return { findNext, findPrevious };
}

/** The earliest wall clock that is shown after `after`: its own, or the one that the clocks are set back to. */
function earliestWall(after: number, zone: string): number {
  const change = findChangeAfter(after, zone);
  const now = toWallTime(after, zone);
  return change === null ? now : Math.min(now, toWallTime(change, zone) - 1);
}

/** Later than every wall clock that is shown before `before`: its own, or the one that the clocks were set back from. */
function latestWall(before: number, zone: string): number {
  const change = findChangeBefore(before + 1, zone);
  const now = toWallTime(before, zone);
  return change === null ? now : Math.max(now, toWallTime(change - 1, zone) + 1);
}
