import type { Usage } from "../model.ts";

/** Where a user stands with one quota, as a statement found it. */
export interface Level {
  readonly limit: number | null;
  readonly used: number;
  readonly reserved: number;
  readonly resets_at: string | null;
  readonly enable: boolean;
  readonly is_expired: boolean;
}

export function toUsage(level: Level, warningPercent: number): Usage {
  const { limit, used, reserved, resets_at } = level;
  const remaining = limit === null ? null : Math.max(0, limit - used - reserved);
  return { limit, used, reserved, remaining, resets_at, state: toState(level, warningPercent) };
}

/** The same thresholds as the statements': see `toThreshold` in effective.ts. */
function toState({ enable, is_expired, limit, used, reserved }: Level, warningPercent: number): Usage["state"] {
  if (!enable) return "disabled";
  if (is_expired) return "expired";
  const level = BigInt(used) + BigInt(reserved);
  if (limit === null || level === 0n) return "ok";
  if (level >= BigInt(limit)) return "exceeded";
  return level * 100n >= BigInt(limit) * BigInt(warningPercent) ? "warning" : "ok";
}
