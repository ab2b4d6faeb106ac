export function toWall(time: number, zone: string): Temporal.PlainDateTime {
  return Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone).toPlainDateTime();
}

/** Of a wall clock that exists twice the first instant; of one that does not exist, the first after the gap. */
export function toEpoch(wall: Temporal.PlainDateTime, zone: string): number {
  const exact = wall.toZonedDateTime(zone, { disambiguation: "earlier" });
  if (exact.toPlainDateTime().equals(wall)) return exact.epochMilliseconds;
  // In a gap, "earlier" is before it: the gap ends where the clocks change next.
  return exact.getTimeZoneTransition("next")?.epochMilliseconds ?? exact.epochMilliseconds;
}
