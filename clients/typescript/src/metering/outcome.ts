import type { UndecidedReason } from "../connection/undecided.ts";
import type { QuotaViolation } from "../generated/types.ts";

/** The choice for an EOM that cannot be reached: go on without counting, or throw. */
export type WhenUnreachable = "failOpen" | "failClosed";

/** EOM allowed the call, or recorded it. `Result` is `{ usage }` or `{ reservation }`, as EOM answers them. */
export type Allowed<Result> = {
  readonly outcome: "allowed";
  /** Whether EOM had decided this key before: then this is the same answer again. */
  readonly isReplay: boolean;
} & Readonly<Result>;

/** EOM denied the call. Nothing was counted. */
export interface Denied {
  readonly outcome: "denied";
  /** One for each type that refuses. */
  readonly violations: readonly QuotaViolation[];
  /** Seconds until a new period may allow it; null if waiting does not help. */
  readonly retryAfterSeconds: number | null;
}

/**
 * What to assume without an answer. `allowed` (check, consume, reserve): go on. `not_counted` (adjust, commit, release): the
 * work is done and not counted. Either may have been counted after all: the same call with the same key finds out.
 */
export type Assumption = "allowed" | "not_counted";

/** EOM has not decided the call, and the client fails open. */
export type Unreachable<Result> = {
  readonly outcome: "unreachable";
  readonly assumed: Assumption;
  readonly reason: UndecidedReason;
  /** A code of the system (`ECONNREFUSED`) or of EOM (`DATABASE_UNAVAILABLE`). */
  readonly detail: string | null;
  readonly attempts: number;
  readonly idempotencyKey: string;
} & { readonly [Name in keyof Result]: null };

/** `unreachable` is an outcome only under `failOpen`; under `failClosed` it is thrown. */
export type FailedOpen<Choice extends WhenUnreachable, Result> = Choice extends "failOpen"
  ? Unreachable<Result>
  : never;
