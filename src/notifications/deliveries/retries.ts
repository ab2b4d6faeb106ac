const second = 1;
const minute = 60 * second;
const hour = 60 * minute;

/**
 * The pauses after each failed attempt; eleven attempts within 23 h 42 min and their own time. Quick at first, for a restart of
 * the receiver; at last a day is long enough for somebody to look.
 */
export const pausesSeconds: readonly number[] = [
  5 * second,
  30 * second,
  2 * minute,
  10 * minute,
  30 * minute,
  hour,
  2 * hour,
  4 * hour,
  8 * hour,
  8 * hour,
];

/** A receiver may ask for a longer pause than ours, but not for one that would outlast the schedule. */
const maxRetryAfterSeconds = 8 * hour;

/** Of each pause, at most this much more or less: what failed together does not come back together. */
const jitter = 0.1;

/**
 * How long until the next attempt; null when there is none and the delivery is dead.
 *
 * @param attempts how many there were
 */
export function findPauseSeconds(attempts: number, retryAfterSeconds: number | null): number | null {
  const pause = pausesSeconds[attempts - 1];
  if (pause === undefined) return null;
  const jittered = pause * (1 - jitter + 2 * jitter * Math.random());
  return Math.max(jittered, Math.min(retryAfterSeconds ?? 0, maxRetryAfterSeconds));
}

/** Both forms of RFC 9110, 10.2.3; null for anything else, and for what lies in the past. */
export function parseRetryAfter(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text);
  // Date.parse takes much more than an HTTP date; all of these begin with the day of the week.
  const at = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
  return at > now.getTime() ? (at - now.getTime()) / 1000 : null;
}
