import type { ColumnType, RawBuilder } from "kysely";
import type { Defaulted, Jsonb } from "../platform/database/tables.ts";
import type { AttemptError, WebhookState } from "./model.ts";

/** A row of eom_webhook; db/migrations/0001_baseline.sql says what each column means. Only queries.ts fills `search_text`. */
export interface WebhookTable {
  id: string;
  address: string;
  description: string | null;
  search_text: string;
  event_types: ColumnType<string[], RawBuilder<string[]>, RawBuilder<string[]>>;
  enable: boolean;
  disabled_reason: "gone" | null;
  labels: Jsonb<Record<string, string>>;
  secret_ref: string;
  previous_secret_ref: string | null;
  previous_secret_until: Date | null;
  state: Defaulted<WebhookState>;
  consecutive_failures: Defaulted<number>;
  last_success: Defaulted<Date | null>;
  last_failure: Defaulted<Date | null>;
  last_error: Defaulted<AttemptError | null>;
  version: Defaulted<number>;
  created: Date;
  created_by: string;
  modified: Date;
  modified_by: string;
}

declare module "../platform/database/tables.ts" {
  interface Tables {
    eom_webhook: WebhookTable;
  }
}
