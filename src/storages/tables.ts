import type { Generated } from "kysely";
import type { Defaulted, Jsonb } from "../platform/database/tables.ts";
import type { Verification } from "./model.ts";
import type { ServerSideEncryption } from "./s3/location.ts";

/** A row of eom_storage. `name_key` is the folded name, `search_text` the folded name and description; queries.ts writes both. */
export interface StorageTable {
  id: string;
  name: string;
  name_key: string;
  description: string | null;
  search_text: string;
  enable: boolean;
  labels: Jsonb<Record<string, string>>;
  endpoint: string;
  region: string;
  bucket: string;
  prefix: string;
  path_style: boolean;
  read_only: boolean;
  ca_certificate: string | null;
  requester_pays: Defaulted<boolean>;
  server_side_encryption: ServerSideEncryption | null;
  sse_kms_key_id: string | null;
  /** null, as `credential_ref`, where requests are not signed. */
  access_key_id: string | null;
  credential_ref: string | null;
  verification: Jsonb<Verification | null>;
  version: Defaulted<number>;
  created: Date;
  created_by: string;
  modified: Date;
  modified_by: string;
}

interface StorageCollectionTable {
  storage_id: string;
  collection_id: string;
  created: Generated<Date>;
  created_by: string;
}

declare module "../platform/database/tables.ts" {
  interface Tables {
    eom_storage: StorageTable;
    eom_storage_collection: StorageCollectionTable;
  }
}
