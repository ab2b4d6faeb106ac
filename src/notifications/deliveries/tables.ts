import type { Defaulted } from "../../platform/database/tables.ts";
import type { AttemptError } from "../model.ts";
import type { DeliveryState } from "./model.ts";

/** A row of eom_webhook_delivery; db/migrations/0001_baseline.sql says what each column means. */
export interface DeliveryTable {
  id: string;
  webhook_id: string;
  event_id: string;
  event_type: string;
  state: Defaulted<DeliveryState>;
  attempts: Defaulted<number>;
  next_attempt_at: Date | null;
  claim: string | null;
  lease_expires_at: Date | null;
  last_attempt_at: Date | null;
  last_http_status: number | null;
  last_error: AttemptError | null;
  last_duration_ms: number | null;
  delivered: Date | null;
  created: Defaulted<Date>;
}

declare module "../../platform/database/tables.ts" {
  interface Tables {
    eom_webhook_delivery: DeliveryTable;
  }
}
