import type { DstPolicy } from "./model.ts";
import { createTimetable, type Timetable } from "./timetable.ts";
import { findChangeAfter, findChangeBefore, findEpoch, type Pass, toEpoch, toWall, toWallTime } from "./wall-clock.ts";

/**
 * The instants of wall clocks in a zone. `walls` has no zone: its instants are wall clocks, read as if they were UTC.
 *
 * Within an overlap, wall clocks begin anew while instants go on. So "both" is not one order of wall clocks but two, the
 * first pass and the second, and the next instant is the nearer one:
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

function choose(best: (...times: number[]) => number, found: readonly (number | null)[]): number | null {
  const times = found.filter((time) => time !== null);
  return times.length === 0 ? null : best(...times);
}

/** Along one pass the order of wall clocks is that of instants; several in a gap are one instant. */
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

/** No later instant shows an earlier one: it is the wall clock of `after`, or where the clocks are set back to. */
function earliestWall(after: number, zone: string): number {
  const change = findChangeAfter(after, zone);
  const now = toWallTime(after, zone);
  return change === null ? now : Math.min(now, toWallTime(change, zone) - 1);
}

/** No earlier instant shows this one or a later: it is the wall clock of `before`, or where the clocks were set back from. */
function latestWall(before: number, zone: string): number {
  const change = findChangeBefore(before + 1, zone);
  const now = toWallTime(before, zone);
  return change === null ? now : Math.max(now, toWallTime(change - 1, zone) + 1);
}
