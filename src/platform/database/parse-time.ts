/**
 * Parses a time as PostgreSQL writes it, in the DateStyle ISO.
 *
 * `new Date` alone is wrong for the years 1 to 99. The text has a space for ISO 8601's `T`, so JavaScript guesses, and takes such a
 * year for one of a nearer century: `0001-01-01 00:00:00+00` is 2001, `0098-01-01 00:00:00+00` is 1998.
 */
export function parseTime(text: string): Date {
  return new Date(text.startsWith("00") ? toIso(text) : text);
}

/** `0001-01-01 00:00:00.5+00` to `0001-01-01T00:00:00.5+00:00`; a date without a time stays as it is. */
function toIso(text: string): string {
  return text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00");
}
