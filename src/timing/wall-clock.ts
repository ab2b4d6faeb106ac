/*
 * Between instants and the wall clock of a time zone.
 *
 *   gap      01:59 ─► 03:00           no instant shows 02:30
 *   overlap  02:59 ─► 02:00 ─► 02:59  two instants show 02:30: the earlier and the later pass
 */

/** The wall clock that the zone shows at `time`, in milliseconds since the epoch. */
export function toWall(time: number, zone: string): Temporal.PlainDateTime {
  return toZoned(time, zone).toPlainDateTime();
}

/** The same as a number: the wall clock in milliseconds since the epoch, read as if it were UTC. */
export function toWallTime(time: number, zone: string): number {
  return time + toZoned(time, zone).offsetNanoseconds / 1_000_000;
}

/** Which instant is meant when a wall clock is shown twice. */
export type Pass = "earlier" | "later";

/** The instant at which the wall clock is shown; in a gap, the first instant after the gap. */
export function toEpoch(wall: Temporal.PlainDateTime, zone: string, pass: Pass): number {
  return findEpoch(wall, zone, pass) ?? findGapEnd(wall, zone);
}

/** The first change of the zone's clocks after `time`; null when the zone has no rule for another one. */
export function findChangeAfter(time: number, zone: string): number | null {
  return toZoned(time, zone).getTimeZoneTransition("next")?.epochMilliseconds ?? null;
}

/** The last change of the zone's clocks before `time`; null when there was none. */
export function findChangeBefore(time: number, zone: string): number | null {
  return toZoned(time, zone).getTimeZoneTransition("previous")?.epochMilliseconds ?? null;
}

/** The instant at which the wall clock is shown; null in a gap. */
export function findEpoch(wall: Temporal.PlainDateTime, zone: string, pass: Pass): number | null {
  const exact = wall.toZonedDateTime(zone, { disambiguation: pass });
  return exact.toPlainDateTime().equals(wall) ? exact.epochMilliseconds : null;
}

/** For a wall clock in a gap, "earlier" is an instant before the gap: the gap ends at the next change. */
function findGapEnd(wall: Temporal.PlainDateTime, zone: string): number {
  const before = wall.toZonedDateTime(zone, { disambiguation: "earlier" });
  return before.getTimeZoneTransition("next")?.epochMilliseconds ?? before.epochMilliseconds;
}

function toZoned(time: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone);
}
