import { stat } from "node:fs/promises";
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
      const { rows } = await sql<{ number: number; name: string }>`
        select current_setting('server_version_num')::int as number, current_setting('server_version') as name`.execute(
        db,
      );
      const [version] = rows;
      if (version === undefined || version.number < oldestServerVersion) {
        throw new Error(`The server is PostgreSQL ${version?.name}: EOM needs 14 or newer.`);
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

export function createFolderCheck(folder: string): Check {
  return {
    name: "data folder",
    async run() {
      const { mode } = await stat(folder);
      if ((mode & 0o077) !== 0) throw new Error(`${folder} can be entered by others: chmod 700 ${folder}`);
      return folder;
    },
  };
}
