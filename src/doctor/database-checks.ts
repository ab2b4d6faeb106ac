import { sql } from "kysely";
import type { Clock } from "../platform/clock.ts";
import { findMigrationState } from "../platform/database/migrate.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Check } from "./checks.ts";
import { toAdvisedError } from "./database-advice.ts";

const oldestServerVersion = 140_000;

/** Leases and periods go by the database's clock, slots by ours: apart, schedules run early or late. */
const maxClockDifferenceSeconds = 5;

export function createDatabaseCheck(db: Database): Check {
  return advised({
    name: "database",
    async run() {
      const { rows } = await sql<{ number: number; name: string; refuses_writes: boolean }>`
        select current_setting('server_version_num')::int as number, current_setting('server_version') as name,
          current_setting('transaction_read_only')::bool as refuses_writes`.execute(db);
      const [version] = rows;
      if (version === undefined || version.number < oldestServerVersion) {
        throw new Error(`The server is PostgreSQL ${version?.name}: EOM needs 14 or newer.`);
      }
      // Of a standby this holds as well.
      if (version.refuses_writes) {
        throw new Error(
          "The database takes no writes: see that EOM_DATABASE_URL leads to the primary, and that default_transaction_read_only is off.",
        );
      }
      return `PostgreSQL ${version.name}`;
    },
  });
}

/** Of a shared database: whether it has the connections that this process may open. */
export function createConnectionsCheck(db: Database, poolSize: number): Check {
  return advised({
    name: "connections",
    async run() {
      const { rows } = await sql<{ most: number; used: number }>`
        select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
            - coalesce(current_setting('reserved_connections', true)::int, 0) as most,
          (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used`.execute(db);
      const { most, used } = rows[0] ?? { most: 0, used: 0 };
      if (poolSize > most) {
        throw new Error(
          `EOM_DATABASE_POOL is ${poolSize}, of each process, and PostgreSQL takes ${most} connections of all: lower it, or raise max_connections.`,
        );
      }
      return `${used} of ${most} in use; ${poolSize} for each process at most`;
    },
  });
}

export function createSchemaCheck(db: Database): Check {
  return advised({
    name: "schema",
    async run() {
      const { pending, unknown } = await findMigrationState(db);
      if (unknown.length > 0)
        throw new Error(`A newer EOM migrated the database (${unknown.join(", ")}): use that version.`);
      if (pending.length > 0) throw new Error(`The database lacks ${pending.join(", ")}: run "eom migrate".`);
      return "up to date";
    },
  });
}

/** The ledger's months are tables that EOM makes as time goes by, which only the owner may. */
export function createRightsCheck(db: Database): Check {
  return advised({
    name: "rights",
    async run() {
      const { rows } = await sql<{ role: string; foreign: string[]; first: string | null }>`
        select current_user as role, array_agg(name order by name) as foreign, min(owner) as first
        from (
          select relname as name, pg_get_userbyid(relowner) as owner from pg_class
          where relnamespace = (select relnamespace from pg_class where oid = to_regclass('eom_migration'))
            and relkind in ('r', 'p') and relname ~ '^(eom|ailbl)_' and not pg_has_role(relowner, 'usage')) as t`.execute(
        db,
      );
      const [found] = rows;
      if (found === undefined || found.first === null) return "owns its tables";
      throw new Error(
        `${found.foreign.length} tables (${found.foreign[0]}, …) belong to another role than ${found.role}: let EOM_DATABASE_URL name ${found.first}, or make ${found.role} their owner.`,
      );
    },
  });
}

function advised({ name, run }: Check): Check {
  return {
    name,
    run: () =>
      run().catch((error) => {
        throw toAdvisedError(error);
      }),
  };
}

export function createClockCheck(db: Database, clock: Clock): Check {
  return {
    name: "clock",
    async run() {
      const before = clock.now().getTime();
      const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
      const after = clock.now().getTime();
      const seconds = ((rows[0]?.now.getTime() ?? 0) - (before + after) / 2) / 1000;
      if (Math.abs(seconds) > maxClockDifferenceSeconds) {
        throw new Error(
          `The database's clock differs from this machine's by ${seconds.toFixed(1)} s: let NTP set both.`,
        );
      }
      return `differs from the database's by ${Math.abs(seconds).toFixed(1)} s; time zones ${process.versions.tz}`;
    },
  };
}
