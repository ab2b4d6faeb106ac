import { toUsage } from "../quotas/standing/usage.ts";
import type { AdmissionPolicy, OutcomeLevel } from "./admission/request.ts";
import type { Metering } from "./model.ts";
import type { LevelRow } from "./queries.ts";

/** A level of which nothing is requested. */
export function toLevel({ resets_at, ...row }: LevelRow): OutcomeLevel {
  return { ...row, requested: 0, resets_at: resets_at?.toISOString() ?? null, reason: null };
}

/** The usage in answers, by type; types of which the user has no quota are left out. */
export function toUsages(levels: readonly OutcomeLevel[], { warningPercent }: AdmissionPolicy): Metering["usage"] {
  return Object.fromEntries(
    levels.flatMap((level) => {
      const { type, quota_id } = level;
      if (quota_id === null) return [];
      const usage = toUsage({ ...level, resets_at: toInstantOrNull(level.resets_at) }, warningPercent);
      return [[type, { quota_id, ...usage }]];
    }),
  );
}

/** A time from the database's JSON, which has microseconds and an offset, as answers write it. */
export function toInstant(text: string): string {
  return new Date(text).toISOString();
}

/** As {@link toInstant}; null stays null. */
export function toInstantOrNull(text: string | null): string | null {
  return text === null ? null : toInstant(text);
}
