import type { LedgerRow } from "./list.ts";

/** An entry as the API answers it. `amount` is the change of used, or of reserved where the kind changes only that. */
export function toLedgerEntry({ id, type, amount, held, kind, reservation_id, created, created_by }: LedgerRow) {
  const shown = kind === "reserve" || kind === "release" || kind === "expire" ? held : amount;
  return { id, type, amount: shown, kind, reservation_id, created: created.toISOString(), created_by };
}
