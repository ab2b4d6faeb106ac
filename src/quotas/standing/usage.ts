import type { Usage } from "./usage-schema.ts";

/** Where a user stands with one quota, as a statement returns it. */
export interface Level {
  /** Null is unlimited. */
  readonly limit: number | null;
  readonly used: number;
  readonly reserved: number;
  /** When the period ends (ISO 8601); null for rules without periods. */
  readonly resets_at: string | null;
  readonly enable: boolean;
  readonly is_expired: boolean;
}

/** A level as the API answers it. @param warningPercent the share of the limit from which the state is `warning` */
export function toUsage(level: Level, warningPercent: number): Usage {
  const { limit, used, reserved, resets_at } = level;
  const remaining = limit === null ? null : Math.max(0, limit - used - reserved);
  return { limit, used, reserved, remaining, resets_at, state: toState(level, warningPercent) };
}

/** The rule of `toThreshold` in effective.ts. In BigInt, because a level times 100 may exceed 2^53. */
function toState({ enable, is_expired, limit, used, reserved }: Level, warningPercent: number): Usage["state"] {
  if (!enable) return "disabled";
  if (is_expired) return "expired";
  const level = BigInt(used) + BigInt(reserved);
  if (limit === null || level === 0n) return "ok";
  if (level >= BigInt(limit)) return "exceeded";
  return level * 100n >= BigInt(limit) * BigInt(warningPercent) ? "warning" : "ok";
}
