import type { Generated } from "kysely";
import type { Role } from "../platform/resource/caller.ts";

/** A row of eom_token. The token itself is kept nowhere, only its hash. */
export interface TokenTable {
  id: string;
  label: string;
  role: Role;
  token_hash: Uint8Array;
  expires_at: Date | null;
  last_used_at: Date | null;
  created: Generated<Date>;
  created_by: string;
}

declare module "../platform/database/tables.ts" {
  interface Tables {
    eom_token: TokenTable;
  }
}
