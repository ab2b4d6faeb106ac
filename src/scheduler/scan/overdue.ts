import { sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";

/** How many seconds the most overdue slot has waited for a scan; 0 if no slot waits. */
export async function findOverdueSeconds(db: Database): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select extract(epoch from now() - next_due_at)::float8 as seconds from ailbl_schedule
    where next_due_at <= now() order by next_due_at limit 1`.execute(db);
  return rows[0]?.seconds ?? 0;
}
