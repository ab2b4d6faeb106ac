import { stat } from "node:fs/promises";
import { sql } from "kysely";
import type { Clock } from "../platform/clock.ts";
import { findMigrationState } from "../platform/database/migrate.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Check } from "./checks.ts";

const oldestServerVersion = 140_000;

/** Leases and periods go by the database's clock, slots by ours: apart, schedules run early or late. */
const maxClockDifferenceSeconds = 5;

export function createDatabaseCheck(db: Database): Check {
  return {
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
  };
}

export function createSchemaCheck(db: Database): Check {
  return {
    name: "schema",
    async run() {
      const { pending, unknown } = await findMigrationState(db);
      if (unknown.length > 0)
        throw new Error(`A newer EOM migrated the database (${unknown.join(", ")}): use that version.`);
      if (pending.length > 0) throw new Error(`The database lacks ${pending.join(", ")}: run "eom migrate".`);
      return "up to date";
    },
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
