import type { Outcome, OutcomeLevel } from "../admission/request.ts";
import { toInstant } from "../representation.ts";
import type { ClosingOutcome, ClosingRequest } from "./close.ts";
import type { Reservation } from "./model.ts";
import type { ReservationRow } from "./queries.ts";

/** The answer to a reserve that was admitted. */
export function toReserved(userId: string, { at, levels, reservation }: Outcome): Reservation {
  if (reservation === null) throw new Error("an admitted reserve has no reservation");
  return {
    id: reservation.id,
    user_id: userId,
    state: "open",
    amounts: toAmounts(levels, ({ requested }) => requested),
    committed: null,
    expires_at: toInstant(reservation.expires_at),
    created: toInstant(at),
    closed: null,
  };
}

/** The answer to a commit or a release. */
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

/** A reservation as it is stored. @param types its rows; `first` is one of them */
export function toReservation(
  id: string,
  userId: string,
  first: ReservationRow,
  types: readonly ReservationRow[],
): Reservation {
  return {
    id,
    user_id: userId,
    state: first.state,
    amounts: toAmounts(types, ({ amount }) => amount),
    committed: first.state === "committed" ? toAmounts(types, ({ committed }) => committed ?? 0) : null,
    expires_at: first.expires_at.toISOString(),
    created: first.created.toISOString(),
    closed: first.closed?.toISOString() ?? null,
  };
}

function toAmounts<Row extends { readonly type: OutcomeLevel["type"] }>(
  rows: readonly Row[],
  toAmount: (row: Row) => number,
): Reservation["amounts"] {
  return Object.fromEntries(rows.map((row) => [row.type, toAmount(row)]));
}
