import { readdir, readFile } from "node:fs/promises";
import { sql } from "kysely";
import { type Migration, type MigrationResult, Migrator } from "kysely/migration";
import type { Database } from "./tables.ts";

const migrationsFolder = new URL("../../../db/migrations/", import.meta.url);

/** The difference between the migrations of the database and of this program. */
export interface MigrationState {
  /** In this program, and not applied. */
  readonly pending: readonly string[];
  /** Applied, and unknown to this program: a newer EOM migrated the database. */
  readonly unknown: readonly string[];
}

/**
 * Applies every migration that the database lacks, all in one transaction under Kysely's lock. If several processes start at
 * once, one migrates; the others wait and find nothing to do.
 *
 * @returns the names of the applied migrations
 * @throws an Error when a newer EOM migrated the database; the error of a migration that fails, of which nothing stays
 */
export async function migrate(db: Database): Promise<string[]> {
  // Kysely reads the whole catalogue first, which takes the embedded database longer than the rest of a start.
  if ((await listPendingMigrations(db)).length === 0) return [];
  const { error, results } = await createMigrator(db).migrateToLatest();
  if (error !== undefined) throw error;
  return (results ?? []).filter(isApplied).map((result) => result.migrationName);
}

/** Compares the migrations of the database with this program's. */
export async function findMigrationState(db: Database): Promise<MigrationState> {
  const known = await listMigrationFiles();
  const applied = await listApplied(db);
  return {
    pending: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
  };
}

/**
 * The migrations that the database lacks.
 *
 * @throws an Error with a sentence when a newer EOM migrated it
 */
export async function listPendingMigrations(db: Database): Promise<readonly string[]> {
  const { pending, unknown } = await findMigrationState(db);
  if (unknown.length > 0) {
    throw new Error(
      `The database was migrated by a newer EOM (it has ${unknown.join(", ")}, which this program does not know): use that version or a newer one.`,
    );
  }
  return pending;
}

function createMigrator(db: Database): Migrator {
  return new Migrator({
    db,
    provider: { getMigrations: readMigrations },
    migrationTableName: "eom_migration",
    migrationLockTableName: "eom_migration_lock",
  });
}

async function readMigrations(): Promise<Record<string, Migration>> {
  const names = await listMigrationFiles();
  const entries = names.map(async (name) => {
    const text = await readFile(new URL(`${name}.sql`, migrationsFolder), "utf8");
    return [name, { up: (db: Database) => runStatements(db, text) }] as const;
  });
  return Object.fromEntries(await Promise.all(entries)) as Record<string, Migration>;
}

async function runStatements(db: Database, text: string): Promise<void> {
  for (const statement of splitStatements(text)) await sql.raw(statement).execute(db);
}

/**
 * The drivers send one prepared statement at a time. A statement of a migration ends with a line that ends in `;`, except
 * between two `$$`, where the body of a function is.
 */
function splitStatements(text: string): string[] {
  const statements: string[] = [];
  let lines: string[] = [];
  let inBody = false;
  for (const line of text.split("\n")) {
    if (/^\s*(--.*)?$/.test(line)) continue;
    lines.push(line);
    if (line.split("$$").length % 2 === 0) inBody = !inBody;
    if (!inBody && line.trimEnd().endsWith(";")) {
      statements.push(lines.join("\n"));
      lines = [];
    }
  }
  return lines.length > 0 ? [...statements, lines.join("\n")] : statements;
}

async function listMigrationFiles(): Promise<string[]> {
  const files = await readdir(migrationsFolder);
  return files
    .filter((file) => file.endsWith(".sql"))
    .map((file) => file.slice(0, -".sql".length))
    .sort();
}

async function listApplied(db: Database): Promise<string[]> {
  const { rows: tables } = await sql<{
    present: boolean;
  }>`select to_regclass('eom_migration') is not null as present`.execute(db);
  if (tables[0]?.present !== true) return [];
  const { rows } = await sql<{ name: string }>`select name from eom_migration order by name`.execute(db);
  return rows.map((row) => row.name);
}

function isApplied(result: MigrationResult): boolean {
  return result.status === "Success";
}
