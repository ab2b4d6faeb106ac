import { sql } from "kysely";
import { toDatabaseFault } from "../platform/database/faults.ts";
import { toJsonb } from "../platform/database/sql.ts";
import type { Database } from "../platform/database/tables.ts";
import { invalid } from "../platform/failure.ts";
import type { Expire } from "./expire.ts";

/** invalid_parameter_value: PostgreSQL's answer to a time zone that is not in its own files. */
const unknownTimeZone = "22023";

/**
 * Checks that the database reads the time zone of a calendar period as EOM does. The database computes every period.
 *
 * | zone | in EOM | in PostgreSQL |
 * | --- | --- | --- |
 * | `Europe/Berlin` | has summer time | the same |
 * | a zone newer than the database's files | known | unknown: refused |
 * | `CET`, `EET`, `MET`, `WET` | have summer time | are abbreviations of a fixed offset, which go before zones: refused |
 *
 * Runs on a connection of its own, because a failed statement ends a transaction.
 *
 * @throws VALIDATION_ERROR at /expire/time_zone
 */
export async function requireKnownTimeZone(db: Database, expire: Expire | null | undefined): Promise<void> {
  if (expire?.type !== "every") return;
  const zone = expire.time_zone;
  const { at, isAbbreviation } = await readZone(db, expire);
  if (isAbbreviation && hasSeasons(zone, at)) {
    throw invalid(
      "/expire/time_zone",
      `must be a zone by its region, like Europe/Berlin: '${zone}' is a fixed offset to the database, without summer time`,
      "unknown_time_zone",
    );
  }
}

interface ZoneRow {
  /** Now, by the database's clock. */
  readonly at: Date;
  readonly isAbbreviation: boolean;
}

/** @throws VALIDATION_ERROR at /expire/time_zone when the database does not know the zone */
async function readZone(db: Database, expire: Extract<Expire, { type: "every" }>): Promise<ZoneRow> {
  try {
    const { rows } = await sql<ZoneRow>`
      select now() as at, eom_period_start(${toJsonb(expire)}, now()),
        exists (select from pg_timezone_abbrevs where abbrev = upper(${expire.time_zone}::text)) as "isAbbreviation"`.execute(
      db,
    );
    const [row] = rows;
    if (row === undefined) throw new Error("A select without a table returned no row");
    return row;
  } catch (error) {
    if (toDatabaseFault(error)?.code !== unknownTimeZone) throw error;
    throw invalid(
      "/expire/time_zone",
      `must be a time zone that the database knows, got '${expire.time_zone}'`,
      "unknown_time_zone",
    );
  }
}

/** Whether the zone's clocks change after `at`. */
function hasSeasons(zone: string, at: Date): boolean {
  const now = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone);
  return now.getTimeZoneTransition("next") !== null;
}
