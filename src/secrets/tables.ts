import type { Generated } from "kysely";
import type { Defaulted } from "../platform/database/tables.ts";

interface SecretIntentTable {
  ref: string;
  owner_id: string;
  writing: boolean;
  swept: Defaulted<boolean>;
  not_before: Date;
  attempts: Defaulted<number>;
  created: Generated<Date>;
}

interface SealedSecretTable {
  ref: string;
  sealed: Uint8Array;
  created: Generated<Date>;
}

declare module "../platform/database/tables.ts" {
  interface Tables {
    eom_secret_intent: SecretIntentTable;
    eom_sealed_secret: SealedSecretTable;
  }
}
