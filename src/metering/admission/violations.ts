import type { Violation } from "../model.ts";
import { toInstantOrNull } from "../representation.ts";
import type { AdmissionPolicy, Outcome, OutcomeLevel } from "./request.ts";

/** The level of a type of which the user has no quota. */
export function toLevelWithoutQuota(type: OutcomeLevel["type"], { allowsWithoutQuota }: AdmissionPolicy): OutcomeLevel {
  const limit = allowsWithoutQuota ? null : 0;
  const nothing = { quota_id: null, requested: 0, used: 0, reserved: 0, resets_at: null, reason: null };
  return { ...nothing, type, limit, enable: true, is_expired: false };
}

/** Why the type would refuse what is requested, for a check. `selectLevelsAfter` in steps.ts has the same rule. */
export function decideReason(level: OutcomeLevel, { allowsWithoutQuota }: AdmissionPolicy): OutcomeLevel["reason"] {
  const { requested, quota_id, enable, is_expired, limit, used, reserved } = level;
  if (requested <= 0) return null;
  if (quota_id === null) return allowsWithoutQuota ? null : "no_quota";
  if (!enable) return "disabled";
  if (is_expired) return "expired";
  // In BigInt: the sum of three levels may exceed 2^53.
  const sum = BigInt(used) + BigInt(reserved) + BigInt(requested);
  return sum > BigInt(limit ?? Number.MAX_SAFE_INTEGER) ? "limit" : null;
}

/** The levels that refuse the request, as answers list them. */
export function toViolations(levels: readonly OutcomeLevel[]): Violation[] {
  return levels.flatMap(({ quota_id, type, limit, used, reserved, requested, resets_at, reason }) =>
    reason === null
      ? []
      : [{ quota_id, type, limit, used, reserved, requested, resets_at: toInstantOrNull(resets_at), reason }],
  );
}

/** Seconds until a new period has started for every type that refuses; null if the request would be refused even then. */
export function findWaitSeconds({ at, levels }: Outcome): number | null {
  const waits = levels
    .filter(({ reason }) => reason !== null)
    .map(({ reason, resets_at, limit, requested }) =>
      reason === "limit" && resets_at !== null && requested <= (limit ?? 0)
        ? Math.ceil((Date.parse(resets_at) - Date.parse(at)) / 1000)
        : null,
    );
  return waits.some((wait) => wait === null) ? null : Math.max(1, ...waits.map((wait) => wait ?? 1));
}
