import { sql } from "kysely";
import type { DatabaseTransaction } from "../../platform/database/tables.ts";
import { countAssigned, type QuotaRow } from "../queries.ts";
import { listHolders } from "./queries.ts";

/** The result for each user: null if the quota was assigned, else the id of the quota of this type that the user has. */
export type Assignments = ReadonlyMap<string, string | null>;

/** A quota that is taken away between the two statements costs one more round; nobody takes away so many in a row. */
const maxRounds = 10;

/**
 * Assigns a quota, whose row the transaction has locked, to every user of the list that has none of its type. Normally two
 * statements for all; users whose conflicting quota is taken away between the two are tried again.
 *
 * @param by the subject of the caller
 */
export async function assignMany(
  tx: DatabaseTransaction,
  quota: QuotaRow,
  userIds: readonly string[],
  by: string,
): Promise<Assignments> {
  const assignments = new Map<string, string | null>();
  let open = [...userIds];
  for (let round = 1; open.length > 0; round += 1) {
    if (round > maxRounds)
      throw new Error(`${open.length} users neither got the quota nor have another one of its type`);
    const inserted = await insertUserQuotas(tx, quota, open, by);
    for (const userId of inserted) assignments.set(userId, null);
    const refused = open.filter((userId) => !assignments.has(userId));
    const holders = refused.length === 0 ? [] : await listHolders(tx, quota.type, refused);
    for (const { user_id, quota_id } of holders) assignments.set(user_id, quota_id);
    open = open.filter((userId) => !assignments.has(userId));
  }
  const assigned = [...assignments.values()].filter((other) => other === null).length;
  if (assigned > 0) await countAssigned(tx, quota.id, assigned);
  return assignments;
}

/** In the order of the users' ids: two requests with the same users then wait for each other and do not deadlock. */
async function insertUserQuotas(
  tx: DatabaseTransaction,
  quota: QuotaRow,
  userIds: readonly string[],
  by: string,
): Promise<string[]> {
  const { rows } = await sql<{ user_id: string }>`
    insert into eom_user_quota
      (user_id, type, quota_id, assigned, assigned_by, expires_at, period_start, modified, modified_by)
    select given.user_id, q.type, q.id, now(), ${by}::text, eom_expires_at(q.expire, now()), now(), now(), ${by}::text
    from unnest(${userIds}::text[]) as given (user_id) cross join (select id, type, expire from eom_quota where id = ${quota.id}) as q
    order by given.user_id collate "C"
    on conflict on constraint eom_user_quota_type do nothing
    returning user_id`.execute(tx);
  return rows.map(({ user_id }) => user_id);
}
