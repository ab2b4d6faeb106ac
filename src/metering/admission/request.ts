import type { QuotaType } from "../../quotas/model.ts";
import type { Level } from "../../quotas/standing/usage.ts";
import type { Amounts } from "../model.ts";

/** A request to count something. `key_hash` and `request_hash` are of its Idempotency-Key, in hex. */
export interface AdmissionRequest {
  readonly user_id: string;
  readonly kind: "consume" | "adjust" | "reserve";
  readonly amounts: Amounts;
  readonly key_hash: string;
  readonly request_hash: string;
  readonly created_by: string;
  /** Of kind reserve. */
  readonly reservation: { readonly id: string; readonly ttl_seconds: number } | null;
}
/** The answer to a request as it is kept for its key: with the levels right after it, in the order of arrival. */
export interface Outcome {
  readonly allowed: boolean;
  readonly at: string;
  readonly levels: readonly OutcomeLevel[];
  readonly reservation: { readonly id: string; readonly expires_at: string } | null;
}

export interface OutcomeLevel extends Level {
  readonly type: QuotaType;
  /** Null when the user has no quota of the type. */
  readonly quota_id: string | null;
  readonly requested: number;
  /** Why this type alone would be a reason to refuse; null when it would not. */
  readonly reason: "limit" | "expired" | "disabled" | "no_quota" | null;
}

export interface AdmissionPolicy {
  /** Whether a user may use what no quota of theirs limits; nothing is counted then. */
  readonly allowsWithoutQuota: boolean;
  readonly warningPercent: number;
}
