import type { ColumnType } from "kysely";
import type { Defaulted } from "../platform/database/tables.ts";
import type { QuotaType } from "../quotas/quota-type.ts";
import type { LedgerKind } from "./ledger/model.ts";

/** A row of eom_quota_ledger. The statements that change levels insert it; the database refuses to change or delete it. */
export interface LedgerTable {
  id: string;
  created: Date;
  user_id: string;
  type: QuotaType;
  quota_id: string;
  kind: LedgerKind;
  /** Added to used. */
  amount: number;
  /** Added to reserved. */
  held: number;
  /** The period of the level that changed. */
  period_start: Date;
  reservation_id: string | null;
  created_by: string;
}

/** `open` until it is closed: committed or released by a request, or expired. */
export type ReservationState = "open" | "committed" | "released" | "expired";

/** A row of eom_quota_reservation: one type of a reservation. */
export interface ReservationTable {
  id: string;
  type: QuotaType;
  user_id: string;
  quota_id: string;
  amount: number;
  /** The period that it was made in. */
  period_start: Date;
  state: Defaulted<ReservationState>;
  committed: number | null;
  expires_at: Date;
  created: Date;
  closed: Date | null;
}

interface MeteringAnswerTable {
  key_hash: Uint8Array;
  request_hash: Uint8Array;
  outcome: ColumnType<unknown, never, never>;
  expires_at: Date;
}

declare module "../platform/database/tables.ts" {
  interface Tables {
    eom_quota_ledger: LedgerTable;
    eom_quota_reservation: ReservationTable;
    eom_metering_answer: MeteringAnswerTable;
  }
}
