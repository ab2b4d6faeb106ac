import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";
import { type Concerns, maxConcerns, maxCounted, toConcerns } from "../platform/resource/concerns.ts";
import { describeFailure } from "./failed-check.ts";
import type { Verification } from "./model.ts";

interface FailingRow {
  readonly id: string;
  readonly name: string;
  readonly verification: Verification;
  readonly total: number;
}

/** Enabled storages whose stored verification is a FAIL, oldest first. Reads the index eom_storage_failing. */
export async function findFailingStorages(db: Database): Promise<Concerns> {
  const { rows } = await sql<FailingRow>`
    with failing as materialized (
      select id, name, verification from eom_storage where enable and verification ->> 'status' = 'FAIL' limit ${maxCounted})
    select failing.*, (select count(*) from failing) as total
    from failing order by (verification ->> 'checked_at')::timestamptz, id limit ${maxConcerns}`.execute(db);
  return toConcerns(rows, ({ id, name, verification }) => ({
    id,
    name,
    why: describeFailure(verification),
    since: new Date(verification.checked_at),
  }));
}
