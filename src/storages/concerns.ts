import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";
import { type Concerns, maxConcerns, maxCounted, toConcerns } from "../platform/resource/concerns.ts";
import type { Verification } from "./model.ts";

interface FailingRow {
  readonly id: string;
  readonly name: string;
  readonly verification: Verification;
  readonly total: number;
}

/** Enabled storages whose last report says FAIL; by the index eom_storage_failing. */
export async function findFailingStorages(db: Database): Promise<Concerns> {
  const { rows } = await sql<FailingRow>`
    with found as materialized (
      select id, name, verification from eom_storage where enable and verification ->> 'status' = 'FAIL' limit ${maxCounted})
    select found.*, (select count(*) from found) as total
    from found order by (verification ->> 'checked_at')::timestamptz, id limit ${maxConcerns}`.execute(db);
  return toConcerns(rows, ({ id, name, verification }) => ({
    id,
    name,
    why: toWhy(verification),
    since: new Date(verification.checked_at),
  }));
}

/** Of a report that says FAIL. */
export function toWhy({ checks }: Pick<Verification, "checks">): string {
  const failed = checks.find(({ status }) => status === "FAIL");
  if (failed === undefined) return "It no longer verifies";
  const { check, reason, hint } = failed;
  return `${check} fails${reason === null ? "" : ` (${reason})`}${hint === null ? "" : `: ${hint}`}`;
}
