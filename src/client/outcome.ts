import type { Violation } from "./contract.ts";

/** What the caller wants when EOM gives no decision: to go on uncounted, or an error. */
export type WhenUnreachable = "failOpen" | "failClosed";

/**
 * Why there is no decision. `unavailable` is 502, 503 or 504; `in_flight`: an earlier attempt is still being worked on;
 * `not_reserved`: the reservation was never made, because EOM could not be reached then.
 */
export type UndecidedReason =
  | "no_connection"
  | "timeout"
  | "unavailable"
  | "in_flight"
  | "rate_limited"
  | "not_reserved";

/** `Told` is what EOM tells of it: `usage` or `reservation`, as they are on the wire. */
export type Allowed<Told> = {
  readonly outcome: "allowed";
  /** EOM had decided this key before, and has told the same again. */
  readonly isReplay: boolean;
} & Readonly<Told>;

/** Nothing was counted. */
export interface Denied {
  readonly outcome: "denied";
  /** By what, for each type that stands in the way. */
  readonly violations: readonly Violation[];
  /** When the period begins anew that is used up; null where waiting does not help. */
  readonly retryAfterSeconds: number | null;
}

/**
 * `allowed`: go on, the question was not answered. `not_counted`: of work that is done (adjust, commit, release); take it
 * as not counted. Either may have been counted all the same: the same call with the same key finds out.
 */
export type Assumption = "allowed" | "not_counted";

/** Under `failOpen` alone. */
export type Unreachable<Told> = {
  readonly outcome: "unreachable";
  readonly assumed: Assumption;
  readonly reason: UndecidedReason;
  /** A code of the system (`ECONNREFUSED`) or of EOM (`DATABASE_UNAVAILABLE`). */
  readonly detail: string | null;
  readonly attempts: number;
  readonly idempotencyKey: string;
} & { readonly [Name in keyof Told]: null };

/** An EOM that cannot be reached is an outcome for whoever chose `failOpen`; under `failClosed` it is thrown. */
export type FailedOpen<Choice extends WhenUnreachable, Told> = Choice extends "failOpen" ? Unreachable<Told> : never;
