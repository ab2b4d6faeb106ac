import type { Defaulted, Jsonb } from "../database/tables.ts";

/** A row of eom_audit: one change, its actor and its time. Rows are never updated. */
interface AuditTable {
  id: string;
  at: Defaulted<Date>;
  subject: string;
  on_behalf_of: string | null;
  action: string;
  kind: string;
  object_id: string;
  before: Jsonb<unknown>;
  after: Jsonb<unknown>;
  request_id: string | null;
}

declare module "../database/tables.ts" {
  interface Tables {
    eom_audit: AuditTable;
  }
}

export type { AuditTable };
