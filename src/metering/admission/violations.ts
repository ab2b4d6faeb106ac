import type { Violation } from "../model.ts";
import { toInstantOrNull } from "../representation.ts";
import type { AdmissionPolicy, Outcome, OutcomeLevel } from "./request.ts";

export function toMissing(type: OutcomeLevel["type"], { allowsWithoutQuota }: AdmissionPolicy): OutcomeLevel {
  const limit = allowsWithoutQuota ? null : 0;
  const nothing = { quota_id: null, requested: 0, used: 0, reserved: 0, resets_at: null, reason: null };
  return { ...nothing, type, limit, enable: true, is_expired: false };
}

/** As the statement of admission judges one request; see `tellLevels` in admission-steps.ts. */
export function judge(level: OutcomeLevel, { allowsWithoutQuota }: AdmissionPolicy): OutcomeLevel {
  const { requested, quota_id, enable, is_expired, limit, used, reserved } = level;
  if (requested <= 0) return level;
  if (quota_id === null) return { ...level, reason: allowsWithoutQuota ? null : "no_quota" };
  if (!enable) return { ...level, reason: "disabled" };
  if (is_expired) return { ...level, reason: "expired" };
  const wanted = BigInt(used) + BigInt(reserved) + BigInt(requested);
  return { ...level, reason: wanted > BigInt(limit ?? Number.MAX_SAFE_INTEGER) ? "limit" : null };
}

export function toViolations(levels: readonly OutcomeLevel[]): Violation[] {
  return levels.flatMap(({ quota_id, type, limit, used, reserved, requested, resets_at, reason }) =>
    reason === null
      ? []
      : [{ quota_id, type, limit, used, reserved, requested, resets_at: toInstantOrNull(resets_at), reason }],
  );
}

/** How long until every period that stands in the way begins anew; null when that would not be enough. */
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
