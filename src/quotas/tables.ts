import type { Defaulted, Jsonb } from "../platform/database/tables.ts";
import type { Expire } from "./expire.ts";
import type { QuotaType } from "./quota-type.ts";

/** A row of eom_quota. Only queries.ts writes `name_key` and `search_text`, which are folded to one case. */
export interface QuotaTable {
  id: string;
  name: string;
  name_key: string;
  description: string | null;
  search_text: string;
  type: QuotaType;
  value: number | null;
  expire: Jsonb<Expire>;
  enable: boolean;
  labels: Jsonb<Record<string, string>>;
  assigned_users: Defaulted<number>;
  version: Defaulted<number>;
  created: Date;
  created_by: string;
  modified: Date;
  modified_by: string;
}

/**
 * A row of eom_user_quota: the assignment, the user's own values, and the level. `threshold` and `expires_at` are results of
 * the rules, stored for lists and events; `expiry_told` says that the event quota.expired was written.
 */
export interface UserQuotaTable {
  user_id: string;
  type: QuotaType;
  quota_id: string;
  assigned: Date;
  assigned_by: string;
  overrides_value: Defaulted<boolean>;
  value: number | null;
  expire: Jsonb<Expire | null>;
  enable: boolean | null;
  expires_at: Date | null;
  expiry_told: Defaulted<boolean>;
  period_start: Date;
  used: Defaulted<number>;
  reserved: Defaulted<number>;
  threshold: Defaulted<0 | 1 | 2>;
  version: Defaulted<number>;
  modified: Date;
  modified_by: string;
}

declare module "../platform/database/tables.ts" {
  interface Tables {
    eom_quota: QuotaTable;
    eom_user_quota: UserQuotaTable;
  }
}
