import type { DatabaseTransaction } from "../../platform/database/tables.ts";
import type { SkipReason } from "./model.ts";

/** Consecutive slots that become no session. `first` and `last` are included, and are instants of the trigger. */
export interface SkippedStretch {
  readonly first: Date;
  readonly last: Date;
  readonly reason: SkipReason;
}

/** Records stretches of skipped slots; none is fine. */
export async function insertSkippedSlots(
  tx: DatabaseTransaction,
  skipped: readonly (SkippedStretch & { readonly scheduleId: string })[],
  now: Date,
): Promise<void> {
  if (skipped.length === 0) return;
  await tx
    .insertInto("ailbl_skipped_slots")
    .values(
      skipped.map(({ scheduleId, first, last, reason }) => ({
        schedule_id: scheduleId,
        first_slot: first,
        last_slot: last,
        reason,
        recorded: now,
      })),
    )
    .execute();
}
