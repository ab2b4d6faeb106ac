import type { QuotaType } from "../../quotas/quota-type.ts";
import type { Level } from "../../quotas/standing/usage.ts";
import type { Amounts } from "../amounts.ts";

/** A request that counts something. `key_hash` and `request_hash` belong to its Idempotency-Key, in hex. */
export interface AdmissionRequest {
  readonly user_id: string;
  readonly kind: "consume" | "adjust" | "reserve";
  readonly amounts: Amounts;
  readonly key_hash: string;
  readonly request_hash: string;
  /** The subject of the caller. */
  readonly created_by: string;
  /** The row of the audit trail that the request writes; only an `adjust` has one. */
  readonly audit?: { readonly id: string; readonly on_behalf_of: string | null; readonly request_id: string | null };
  /** The reservation to make; null unless the kind is `reserve`. */
  readonly reservation: { readonly id: string; readonly ttl_seconds: number } | null;
}

/** The result of a request, as it is kept for its key: with the levels right after it, in the order of arrival. */
export interface Outcome {
  readonly allowed: boolean;
  /** The database's time (ISO 8601, microseconds). */
  readonly at: string;
  /** One for each type of the request. */
  readonly levels: readonly OutcomeLevel[];
  readonly reservation: { readonly id: string; readonly expires_at: string } | null;
}

/** The level of one type right after a request. */
export interface OutcomeLevel extends Level {
  readonly type: QuotaType;
  /** Null if the user has no quota of the type. */
  readonly quota_id: string | null;
  readonly requested: number;
  /** Why this type alone would refuse the request; null if it would not. */
  readonly reason: "limit" | "expired" | "disabled" | "no_quota" | null;
}

/** The configuration of admission. */
export interface AdmissionPolicy {
  /** Whether a request is admitted, without counting, for a type of which the user has no quota (EOM_QUOTA_DEFAULT). */
  readonly allowsWithoutQuota: boolean;
  /** The share of a limit from which a level is in warning (EOM_QUOTA_WARNING). */
  readonly warningPercent: number;
}
