/**
 * Why EOM has not decided a call.
 *
 * - `no_connection`: no connection, or it broke before the whole answer.
 * - `timeout`: no whole answer in time.
 * - `unavailable`: the status was 502, 503 or 504.
 * - `in_flight`: EOM is still working on an earlier attempt.
 * - `rate_limited`: too many requests.
 * - `circuit_open`: no attempt, because the calls before it found EOM away.
 * - `not_reserved`: the reservation to close was never made, because EOM could not be reached to make it.
 */
export type UndecidedReason =
  | "no_connection"
  | "timeout"
  | "unavailable"
  | "in_flight"
  | "rate_limited"
  | "circuit_open"
  | "not_reserved";
