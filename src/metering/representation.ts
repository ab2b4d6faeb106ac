import { toUsage } from "../quotas/standing/usage.ts";
import type { AdmissionPolicy, OutcomeLevel } from "./admission/request.ts";
import type { Metering, Reservation } from "./model.ts";
import type { LevelRow } from "./queries.ts";
import type { ClosingOutcome, ClosingRequest } from "./reservations/close.ts";

export function toLevel({ resets_at, ...row }: LevelRow): OutcomeLevel {
  return { ...row, requested: 0, resets_at: resets_at?.toISOString() ?? null, reason: null };
}

export function toUsages(levels: readonly OutcomeLevel[], { warningPercent }: AdmissionPolicy): Metering["usage"] {
  return Object.fromEntries(
    levels.flatMap((level) =>
      level.quota_id === null
        ? []
        : [
            [
              level.type,
              {
                quota_id: level.quota_id,
                ...toUsage({ ...level, resets_at: toInstantOrNull(level.resets_at) }, warningPercent),
              },
            ],
          ],
    ),
  );
}

export function toAmounts<Row extends { readonly type: OutcomeLevel["type"] }>(
  rows: readonly Row[],
  pick: (row: Row) => number,
): Reservation["amounts"] {
  return Object.fromEntries(rows.map((row) => [row.type, pick(row)]));
}

export function toClosed({ id, user_id, state }: ClosingRequest, outcome: ClosingOutcome): Reservation {
  return {
    id,
    user_id,
    state,
    amounts: toAmounts(outcome.types, ({ amount }) => amount),
    committed: state === "committed" ? toAmounts(outcome.types, ({ committed }) => committed ?? 0) : null,
    expires_at: toInstant(outcome.expires_at),
    created: toInstant(outcome.created),
    closed: toInstant(outcome.closed),
  };
}

/** The database's JSON tells microseconds and an offset. */
export function toInstant(text: string): string {
  return new Date(text).toISOString();
}

export function toInstantOrNull(text: string | null): string | null {
  return text === null ? null : toInstant(text);
}
