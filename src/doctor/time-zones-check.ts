import { sql } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import { isTimeZone } from "../platform/resource/fields.ts";
import type { Check } from "./checks.ts";

/**
 * The rules are compared once a month for two years: rules change with the seasons, and changes are seldom announced earlier.
 */
const monthsAhead = 24;
const monthMilliseconds = 30.4375 * 24 * 3600 * 1000;

/** Zones in one sentence; the rest is counted. */
const maxNamed = 10;

interface ZoneRow {
  readonly zone: string;
  readonly of_quotas: boolean;
  readonly of_schedules: boolean;
  /** Seconds east of UTC at each instant; null where the database does not know the zone, or not by this name. */
  readonly offsets: readonly number[] | null;
}

/**
 * Checks the time zones that quotas and schedules name. Slots go by this process's rules. Periods of quotas begin and end by the
 * database's, and are shown by this process's.
 *
 * | zone | of quotas | of schedules |
 * | --- | --- | --- |
 * | unknown to this process: another version of EOM had saved it | fails | fails |
 * | unknown to the database (Debian keeps old names such as `US/Eastern` in tzdata-legacy) | fails | is fine |
 * | with other rules in the database, as when one of the two is older | fails | fails |
 */
export function createTimeZonesCheck(db: Database, clock: Clock): Check {
  return {
    name: "time zones",
    async run() {
      const now = clock.now().getTime();
      const instants = Array.from({ length: monthsAhead }, (_, month) => new Date(now + month * monthMilliseconds));
      const rows = await listNamedZones(db, instants);
      const problem = findProblem(rows, instants);
      if (problem !== null) throw new Error(problem);
      return `${rows.length} of quotas and schedules; EOM's are ${process.versions.tz}`;
    },
  };
}

function findProblem(rows: readonly ZoneRow[], instants: readonly Date[]): string | null {
  const unknown = rows.filter(({ zone }) => !isTimeZone(zone));
  if (unknown.length > 0) {
    return `EOM (time zones ${process.versions.tz}) does not know ${toText(unknown)}: its schedules do not run. Change them, or start the version of EOM that knows it.`;
  }
  const missing = rows.filter(({ of_quotas, offsets }) => of_quotas && offsets === null);
  if (missing.length > 0) {
    return `PostgreSQL does not know ${toText(missing)}: install its time zones (tzdata, tzdata-legacy) where it runs, or change the quotas.`;
  }
  const differing = rows.filter((row) => row.offsets !== null && isDiffering(row, instants));
  if (differing.length > 0) {
    return `PostgreSQL and EOM (${process.versions.tz}) have different rules for ${toText(differing)}. Schedules go by EOM's, periods of quotas by PostgreSQL's: update the time zones of whichever is older.`;
  }
  return null;
}

/** For example `America/Winnipeg (schedules), Asia/Almaty (quotas, schedules)`. */
function toText(rows: readonly ZoneRow[]): string {
  const named = rows.slice(0, maxNamed).map(({ zone, of_quotas, of_schedules }) => {
    const users = [...(of_quotas ? ["quotas"] : []), ...(of_schedules ? ["schedules"] : [])];
    return `${zone} (${users.join(", ")})`;
  });
  const rest = rows.length > maxNamed ? ` and ${rows.length - maxNamed} more` : "";
  return `${named.join(", ")}${rest}`;
}

async function listNamedZones(db: Database, instants: readonly Date[]): Promise<readonly ZoneRow[]> {
  const texts = instants.map((instant) => instant.toISOString());
  const { rows } = await sql<ZoneRow>`
    with named as (
      select expire ->> 'time_zone' as zone, true as is_quota from eom_quota where expire ->> 'type' = 'every'
      union
      select trigger ->> 'time_zone', false from ailbl_schedule
    ), known as materialized (select lower(name) as name from pg_timezone_names)
    select zone, bool_or(is_quota) as of_quotas, bool_or(not is_quota) as of_schedules,
      -- PostgreSQL reads CET as an abbreviation of a fixed offset. Schedules may name it; quotas may not.
      case when lower(zone) in (select name from known)
          and (bool_or(is_quota) or upper(zone) not in (select abbrev from pg_timezone_abbrevs)) then array(
        select extract(epoch from (instant at time zone zone) - (instant at time zone 'UTC'))::int
        from unnest(${texts}::timestamptz[]) with ordinality as i (instant, place) order by place) end as offsets
    from named group by zone order by zone`.execute(db);
  return rows;
}

function isDiffering({ zone, offsets }: ZoneRow, instants: readonly Date[]): boolean {
  return instants.some((instant, place) => toOffsetSeconds(instant, zone) !== offsets?.[place]);
}

function toOffsetSeconds(instant: Date, zone: string): number {
  return Temporal.Instant.from(instant.toISOString()).toZonedDateTimeISO(zone).offsetNanoseconds / 1e9;
}
