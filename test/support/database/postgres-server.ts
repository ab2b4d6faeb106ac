import { sql } from "kysely";
import type { TestProject } from "vitest/node";
import { migrate } from "../../../src/platform/database/migrate.ts";
import { openPostgresDatabase } from "../../../src/platform/database/postgres.ts";
import { createPostgresServer } from "./postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The URL of a server whose database `eom_template` is migrated; see {@link createTestDatabase}. */
    postgresUrl: string;
    /** The entry that HTTP suites send requests to; see test/support/http/app.ts. */
    entry: "server" | "embedded" | "fission";
  }
}

/** One PostgreSQL for all test files; each test clones the migrated template. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await createPostgresServer();
  project.provide("postgresUrl", server.url);
  await migrateTemplate(server.url);
  return server.remove;
}

async function migrateTemplate(url: string): Promise<void> {
  const maintenance = openPostgresDatabase(url, 1);
  await sql`create database eom_template`.execute(maintenance.db);
  await maintenance.close();
  const template = openPostgresDatabase(toDatabaseUrl(url, "eom_template"), 1);
  await migrate(template.db);
  await template.close();
}

export function toDatabaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.toString();
}
