import { sql } from "kysely";
import { toDatabaseFault } from "../platform/database/faults.ts";
import { toJsonb } from "../platform/database/sql.ts";
import type { Database } from "../platform/database/tables.ts";
import { invalid } from "../platform/failure.ts";
import type { Expire } from "./expire.ts";

/** invalid_parameter_value: PostgreSQL's answer to a time zone that is not in its own files. */
const unknownTimeZone = "22023";

/**
 * Checks that the database knows the time zone of a calendar period. The database computes every period, and its list of
 * time zones may be older than Node's. Runs on a connection of its own, because a failed statement ends a transaction.
 *
 * @throws VALIDATION_ERROR at /expire/time_zone
 */
export async function requireKnownTimeZone(db: Database, expire: Expire | null | undefined): Promise<void> {
  if (expire?.type !== "every") return;
  try {
    await sql`select eom_period_start(${toJsonb(expire)}, now())`.execute(db);
  } catch (error) {
    if (toDatabaseFault(error)?.code !== unknownTimeZone) throw error;
    throw invalid(
      "/expire/time_zone",
      `must be a time zone that the database knows, got '${expire.time_zone}'`,
      "unknown_time_zone",
    );
  }
}
