import { sql } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Check } from "./checks.ts";

/**
 * The rules are compared once a month for two years: rules change with the seasons, and changes are seldom announced earlier.
 */
const monthsAhead = 24;
const monthMilliseconds = 30.4375 * 24 * 3600 * 1000;

interface ZoneRow {
  readonly zone: string;
  /** Seconds east of UTC at each instant; null where the database does not know the zone. */
  readonly offsets: readonly number[] | null;
}

/**
 * Checks that the database and this process have the same rules for the time zones of quotas. Periods begin and end by the
 * database's zones, and are shown by this process's. A database on another or older machine may lack a zone (Debian keeps old
 * names such as `US/Eastern` in tzdata-legacy), or have outdated rules.
 */
export function createTimeZonesCheck(db: Database, clock: Clock): Check {
  return {
    name: "time zones",
    async run() {
      const now = clock.now().getTime();
      const instants = Array.from({ length: monthsAhead }, (_, month) => new Date(now + month * monthMilliseconds));
      const rows = await listZonesOfQuotas(db, instants);
      const missing = rows.filter(({ offsets }) => offsets === null).map(({ zone }) => zone);
      if (missing.length > 0) {
        throw new Error(
          `PostgreSQL does not know ${missing.join(", ")}, which quotas name: install its time zones (tzdata, tzdata-legacy) where it runs, or change the quotas.`,
        );
      }
      const differing = rows.filter((row) => isDiffering(row, instants)).map(({ zone }) => zone);
      if (differing.length > 0) {
        throw new Error(
          `PostgreSQL and EOM (${process.versions.tz}) have different rules for ${differing.join(", ")}, which quotas name: update the time zones of whichever is older.`,
        );
      }
      return `${rows.length} of quotas, the same as EOM's (${process.versions.tz})`;
    },
  };
}

async function listZonesOfQuotas(db: Database, instants: readonly Date[]): Promise<readonly ZoneRow[]> {
  const texts = instants.map((instant) => instant.toISOString());
  const { rows } = await sql<ZoneRow>`
    with named as (select distinct expire ->> 'time_zone' as zone from eom_quota where expire ->> 'type' = 'every'),
    known as materialized (select lower(name) as name from pg_timezone_names)
    select zone, case when lower(zone) in (select name from known) then array(
        select extract(epoch from (instant at time zone zone) - (instant at time zone 'UTC'))::int
        from unnest(${texts}::timestamptz[]) with ordinality as i (instant, place) order by place) end as offsets
    from named order by zone`.execute(db);
  return rows;
}

function isDiffering({ zone, offsets }: ZoneRow, instants: readonly Date[]): boolean {
  return instants.some((instant, place) => toOffsetSeconds(instant, zone) !== offsets?.[place]);
}

function toOffsetSeconds(instant: Date, zone: string): number {
  return Temporal.Instant.from(instant.toISOString()).toZonedDateTimeISO(zone).offsetNanoseconds / 1e9;
}
