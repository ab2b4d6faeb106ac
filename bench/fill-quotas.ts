import { sql } from "kysely";
import type { Database } from "../src/platform/database/tables.ts";

export const type = "MaxOrderTimes";

/** One unlimited quota of a month, and so many users that have it: `u0`, `u1` and so on. */
export async function fillUsers(db: Database, count: number): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    insert into eom_quota (id, name, name_key, search_text, type, value, expire, enable, labels, assigned_users, created,
      created_by, modified, modified_by)
    values (eom_uuid(), 'orders', 'orders', 'orders', ${type}, null, '{"type": "every", "unit": "month", "time_zone":
      "Europe/Berlin"}', true, '{}', ${count}, now(), 'bench', now(), 'bench')
    returning id`.execute(db);
  await sql`
    insert into eom_user_quota (user_id, type, quota_id, assigned, assigned_by, period_start, modified, modified_by)
    select 'u' || n, ${type}, ${rows[0]?.id}::uuid, now(), 'bench', now(), now(), 'bench'
    from generate_series(0, ${count}::integer - 1) as n`.execute(db);
  await sql`vacuum analyze eom_user_quota`.execute(db);
  return rows[0]?.id ?? "";
}
