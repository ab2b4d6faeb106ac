export function toWall(time: number, zone: string): Temporal.PlainDateTime {
  return toZoned(time, zone).toPlainDateTime();
}

/** The wall clock as if it were UTC. */
export function toWallTime(time: number, zone: string): number {
  return time + toZoned(time, zone).offsetNanoseconds / 1_000_000;
}

/** Which of two instants a wall clock that exists twice is. */
export type Pass = "earlier" | "later";

/** The instant at which a wall clock is shown; one that does not exist is the first instant after the gap. */
export function toEpoch(wall: Temporal.PlainDateTime, zone: string, pass: Pass): number {
  return findEpoch(wall, zone, pass) ?? findGapEnd(wall, zone);
}

/** When the zone's clocks change next after `time`; null when nobody has said that they will. */
export function findChangeAfter(time: number, zone: string): number | null {
  return toZoned(time, zone).getTimeZoneTransition("next")?.epochMilliseconds ?? null;
}

/** When the zone's clocks changed last before `time`. */
export function findChangeBefore(time: number, zone: string): number | null {
  return toZoned(time, zone).getTimeZoneTransition("previous")?.epochMilliseconds ?? null;
}

/** Null when the clocks leap over it. */
export function findEpoch(wall: Temporal.PlainDateTime, zone: string, pass: Pass): number | null {
  const exact = wall.toZonedDateTime(zone, { disambiguation: pass });
  return exact.toPlainDateTime().equals(wall) ? exact.epochMilliseconds : null;
}

/** "earlier" is before the gap: it ends where the clocks change next. */
function findGapEnd(wall: Temporal.PlainDateTime, zone: string): number {
  const before = wall.toZonedDateTime(zone, { disambiguation: "earlier" });
  return before.getTimeZoneTransition("next")?.epochMilliseconds ?? before.epochMilliseconds;
}

function toZoned(time: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone);
}
