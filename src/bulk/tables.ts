import type { Defaulted, Jsonb } from "../platform/database/tables.ts";
import type { BulkAction } from "./model.ts";

interface BulkTable {
  id: string;
  kind: "session" | "schedule";
  action: BulkAction;
  filter: Jsonb<Record<string, unknown>>;
  note: string | null;
  state: "running" | "done" | "canceled";
  total: number;
  created: Date;
  created_by: string;
  on_behalf_of: string | null;
  ended: Date | null;
}

interface BulkItemTable {
  bulk_id: string;
  item: number;
  object_id: string;
  state: Defaulted<"waiting" | "done" | "failed">;
  error: Jsonb<{ code: string; message: string } | null>;
  attempts: Defaulted<number>;
  claimed_until: Date | null;
}

declare module "../platform/database/tables.ts" {
  interface Tables {
    ailbl_bulk: BulkTable;
    ailbl_bulk_item: BulkItemTable;
  }
}
