import type { ColumnType } from "kysely";
import type { Defaulted } from "../platform/database/tables.ts";

interface BackfillTable {
  id: string;
  schedule_id: string;
  schedule_name: string;
  from_slot: Date;
  to_slot: Date;
  max_parallel: number;
  state: Defaulted<"running" | "done" | "canceled">;
  next_from: Date | null;
  opened: Defaulted<number>;
  reason: ColumnType<string | null, string | null | undefined, string | null>;
  created: Date;
  created_by: string;
  ended: ColumnType<Date | null, Date | null | undefined, Date | null>;
}

declare module "../platform/database/tables.ts" {
  interface Tables {
    ailbl_backfill: BackfillTable;
  }
}
