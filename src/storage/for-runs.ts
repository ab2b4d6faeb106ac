import type { Database } from "../platform/database/tables.ts";
import { isUuid } from "../platform/id.ts";
import { toLocation } from "./model.ts";
import { findStorage } from "./queries.ts";

/** What a run gets to know of a storage: where it lies and where its credential is kept, never the credential. */
export async function findStorageForRun(db: Database, storageId: string) {
  const row = isUuid(storageId) ? await findStorage(db, storageId) : undefined;
  if (row === undefined) return { outcome: "missing" as const };
  if (!row.enable) return { outcome: "disabled" as const };
  return { outcome: "ready" as const, location: toLocation(row), credentialRef: row.credential_ref, name: row.name };
}
