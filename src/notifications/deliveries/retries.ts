const second = 1;
const minute = 60 * second;
const hour = 60 * minute;

/**
 * The pause after each failed attempt: eleven attempts within 23 h 42 min, plus the time that the attempts take. Short at
 * first, for a receiver that restarts; a day in all, so that a person has time to act.
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

/** A receiver may ask for a longer pause, but not for a longer pause than the longest of ours. */
const maxRetryAfterSeconds = 8 * hour;

/** Each pause varies by up to a tenth, so that deliveries that failed together are not retried together. */
const jitter = 0.1;

/**
 * The pause until the next attempt, in seconds.
 *
 * @param attempts how many attempts were made, from 1
 * @param retryAfterSeconds the pause that the receiver asked for; null for none. The longer of the two pauses applies
 * @returns null when that was the last attempt: the delivery is dead
 */
export function findPauseSeconds(attempts: number, retryAfterSeconds: number | null): number | null {
  const pause = pausesSeconds[attempts - 1];
  if (pause === undefined) return null;
  const jittered = pause * (1 - jitter + 2 * jitter * Math.random());
  return Math.max(jittered, Math.min(retryAfterSeconds ?? 0, maxRetryAfterSeconds));
}

/**
 * Reads `Retry-After` in both forms of RFC 9110, 10.2.3: seconds (`120`) and an HTTP date (`Wed, 21 Oct 2026 07:28:00 GMT`).
 *
 * @returns seconds from `now`; null for a date in the past and for any other text
 */
export function parseRetryAfter(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text);
  // Date.parse accepts more than HTTP dates. All forms of an HTTP date begin with the day of the week.
  const at = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
  return at > now.getTime() ? (at - now.getTime()) / 1000 : null;
}
