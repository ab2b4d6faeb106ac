import type { Database } from "../platform/database/tables.ts";
import { toLocation } from "./model.ts";
import { listStoragesById } from "./queries.ts";

/** What runs get to know of storages: where they lie and where their credentials are kept, never the credentials. */
export async function findStoragesForRuns(db: Database, storageIds: readonly string[]) {
  const rows = await listStoragesById(db, storageIds);
  return new Map(
    rows.map((row) => [
      row.id,
      row.enable
        ? {
            outcome: "ready" as const,
            location: toLocation(row),
            credentialRef: row.credential_ref,
            name: row.name,
          }
        : { outcome: "disabled" as const },
    ]),
  );
}
