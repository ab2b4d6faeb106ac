import { existsSync } from "node:fs";
import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";

/**
 * Asked before anything reads the key file, which would make a new one.
 *
 * @returns a sentence when secrets were sealed with a key that is not there; null when all is well
 */
export async function findLostKeyFile(db: Database, path: string): Promise<string | null> {
  if (existsSync(path)) return null;
  const { rows } = await sql<{ sealed: boolean }>`select exists (select from eom_sealed_secret) as sealed`.execute(db);
  if (rows[0]?.sealed !== true) return null;
  return `The key file ${path} is not there, and stored secrets are sealed with it: put back the one that was in use, or let EOM_KEY_FILE name it.`;
}
