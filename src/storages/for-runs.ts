import type { Database } from "../platform/database/tables.ts";
import { toLocation } from "./location.ts";
import { listStoragesById } from "./queries.ts";

/**
 * The locations of storages for runs that use them, with the reference of each credential, never the credential itself.
 *
 * @returns by id; a storage that does not exist is not in the map
 */
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
