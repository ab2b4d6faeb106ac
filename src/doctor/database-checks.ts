import { sql } from "kysely";
import { findMigrationState } from "../platform/database/migrate.ts";
import { sessionSettings } from "../platform/database/session-settings.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Check } from "./checks.ts";
import { toAdvisedError } from "./database-advice.ts";

/** PostgreSQL 14, as `server_version_num`. */
const minServerVersion = 140_000;

/** Checks the version of the database, and that it accepts writes. */
export function createDatabaseCheck(db: Database): Check {
  return advised({
    name: "database",
    async run() {
      const { rows } = await sql<{ number: number; name: string; refuses_writes: boolean }>`
        select current_setting('server_version_num')::int as number, current_setting('server_version') as name,
          current_setting('transaction_read_only')::bool as refuses_writes`.execute(db);
      const [version] = rows;
      if (version === undefined || version.number < minServerVersion) {
        throw new Error(`The server is PostgreSQL ${version?.name}: EOM needs 14 or newer.`);
      }
      // On for a standby too.
      if (version.refuses_writes) {
        throw new Error(
          "The database is read-only: check that EOM_DATABASE_URL leads to the primary, and that default_transaction_read_only is off.",
        );
      }
      return `PostgreSQL ${version.name}`;
    },
  });
}

/**
 * Checks that the server applies the settings that EOM sends when a connection starts: a pooler may drop them. An encoding other than
 * UTF8 is refused by the pool.
 */
export function createSettingsCheck(db: Database): Check {
  return advised({
    name: "settings",
    async run() {
      const names = Object.keys(sessionSettings);
      const { rows } = await sql<{ name: string; setting: string }>`
        select name, setting from pg_settings where name = any(${names})`.execute(db);
      const different = rows.filter(({ name, setting }) => setting !== sessionSettings[name]);
      if (different.length > 0) {
        const list = different.map(({ name, setting }) => `${name} (${setting})`).join(", ");
        throw new Error(
          `${list} differ from what EOM sets for its connections: a pooler drops settings; set EOM_DATABASE_URL to PostgreSQL itself.`,
        );
      }
      return `UTF8, and ${rows.length} as EOM sets them`;
    },
  });
}

/** Checks that a shared database has as many connections as this process may open. */
export function createConnectionsCheck(db: Database, poolSize: number): Check {
  return advised({
    name: "connections",
    async run() {
      const { rows } = await sql<{ max: number; used: number }>`
        select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
            - coalesce(current_setting('reserved_connections', true)::int, 0) as max,
          (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used`.execute(db);
      const { max, used } = rows[0] ?? { max: 0, used: 0 };
      if (poolSize > max) {
        throw new Error(
          `EOM_DATABASE_POOL is ${poolSize} for each process, and PostgreSQL accepts ${max} connections in all: lower it, or raise max_connections.`,
        );
      }
      return `${used} of ${max} in use; at most ${poolSize} for each process`;
    },
  });
}

/** Checks that the database has all migrations of this version, and none of a newer version. */
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

/** Checks that EOM's role owns its tables: each month EOM adds a partition to the ledger, and only its owner may. */
export function createRightsCheck(db: Database): Check {
  return advised({
    name: "rights",
    async run() {
      const { rows } = await sql<{ role: string; tables: string[]; owner: string | null }>`
        select current_user as role, array_agg(name order by name) as tables, min(owner) as owner
        from (
          select relname as name, pg_get_userbyid(relowner) as owner from pg_class
          where relnamespace = (select relnamespace from pg_class where oid = to_regclass('eom_migration'))
            and relkind in ('r', 'p') and relname ~ '^(eom|ailbl)_' and not pg_has_role(relowner, 'usage')) as t`.execute(
        db,
      );
      const [others] = rows;
      if (others === undefined || others.owner === null) return "owns its tables";
      const { role, tables, owner } = others;
      throw new Error(
        `${tables.length} tables (${tables[0]}, …) belong to another role than ${role}: let EOM_DATABASE_URL name ${owner}, or make ${role} their owner.`,
      );
    },
  });
}

/** The check with advice in place of the errors of the database. */
function advised({ name, run }: Check): Check {
  return {
    name,
    run: () =>
      run().catch((error) => {
        throw toAdvisedError(error);
      }),
  };
}
