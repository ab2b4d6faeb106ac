import { existsSync } from "node:fs";
import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";

/**
 * Checks that the key file exists if secrets are sealed with it. Call it before anything reads the key file: a missing key file
 * is created anew then, and the loss no longer shows.
 *
 * @returns a sentence: what is wrong, and what to do; null when all is well
 */
export async function findLostKeyFile(db: Database, path: string): Promise<string | null> {
  if (existsSync(path)) return null;
  const { rows } = await sql<{ sealed: boolean }>`select exists (select from eom_sealed_secret) as sealed`.execute(db);
  if (rows[0]?.sealed !== true) return null;
  return `The key file ${path} does not exist, and stored secrets are sealed with it: put the original back, or set EOM_KEY_FILE to its path.`;
}
