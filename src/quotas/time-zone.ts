import { toDatabaseFault } from "../platform/database/faults.ts";
import { toJsonb } from "../platform/database/sql.ts";
import type { Database } from "../platform/database/tables.ts";
import { invalid } from "../platform/failure.ts";
import type { Expire } from "./model.ts";
import { computePeriod } from "./queries.ts";

/** invalid_parameter_value: what PostgreSQL says of a time zone that is in no file of its own. */
const unknownTimeZone = "22023";

/**
 * Every period is computed by the database, whose list of time zones may be older than ours. Asked on a connection of its
 * own, since the failing statement would be the end of a transaction.
 *
 * @throws VALIDATION_ERROR at /expire/time_zone
 */
export async function requireKnownTimeZone(db: Database, expire: Expire | null | undefined): Promise<void> {
  if (expire?.type !== "every") return;
  try {
    await computePeriod(db, toJsonb(expire));
  } catch (error) {
    if (toDatabaseFault(error)?.code !== unknownTimeZone) throw error;
    throw invalid(
      "/expire/time_zone",
      `wants a time zone that the database knows, got '${expire.time_zone}'`,
      "unknown_time_zone",
    );
  }
}
