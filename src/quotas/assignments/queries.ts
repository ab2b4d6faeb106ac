import { type RawBuilder, type SqlBool, sql } from "kysely";
import { toJsonb } from "../../platform/database/sql.ts";
import type { Database, DatabaseTransaction } from "../../platform/database/tables.ts";
import type { Expire } from "../expire.ts";
import type { QuotaType } from "../quota-type.ts";
import {
  effectiveEnable,
  effectiveExpire,
  effectiveLimit,
  reservedNow,
  resetsAt,
  usedNow,
} from "../standing/effective.ts";

/** A user's quota as it applies to the user, with the level in the calendar period of now. */
export interface UserQuotaRow {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly type: QuotaType;
  readonly labels: Record<string, string>;
  readonly value: number | null;
  readonly expire: Expire;
  readonly enable: boolean;
  readonly user_id: string;
  readonly assigned: Date;
  readonly expires_at: Date | null;
  readonly is_expired: boolean;
  readonly overrides_value: boolean;
  readonly overrides_expire: boolean;
  readonly overrides_enable: boolean;
  readonly used: number;
  readonly reserved: number;
  readonly resets_at: Date | null;
  readonly modified: Date;
  readonly modified_by: string;
  readonly version: number;
}

/** The columns of {@link UserQuotaRow}, for statements that name eom_user_quota `u` and eom_quota `q`. */
export const userQuotaColumns = sql`
  q.id, q.name, q.description, u.type, q.labels, ${effectiveLimit} as value, ${effectiveExpire} as expire,
  ${effectiveEnable} as enable, u.user_id, u.assigned, u.expires_at, coalesce(u.expires_at <= now(), false) as is_expired,
  u.overrides_value, u.expire is not null as overrides_expire, u.enable is not null as overrides_enable,
  ${usedNow} as used, ${reservedNow} as reserved,
  ${resetsAt} as resets_at, u.modified, u.modified_by, u.version`;

/** One quota of a user. */
export async function findUserQuota(db: Database, userId: string, quotaId: string): Promise<UserQuotaRow | undefined> {
  const [row] = await selectUserQuotas(db, sql`u.user_id = ${userId} and u.quota_id = ${quotaId}`);
  return row;
}

/** All quotas of these users, by user and type. */
export function listQuotasOfUsers(db: Database, userIds: readonly string[]): Promise<UserQuotaRow[]> {
  return selectUserQuotas(db, sql`u.user_id = any(${userIds}::text[])`);
}

/** One quota, for each of these users that has it. */
export function listUsersOfQuota(db: Database, quotaId: string, userIds: readonly string[]): Promise<UserQuotaRow[]> {
  return selectUserQuotas(db, sql`u.quota_id = ${quotaId} and u.user_id = any(${userIds}::text[])`);
}

async function selectUserQuotas(db: Database, filter: RawBuilder<SqlBool>): Promise<UserQuotaRow[]> {
  const { rows } = await sql<UserQuotaRow>`
    select ${userQuotaColumns} from eom_user_quota as u join eom_quota as q on q.id = u.quota_id
    where ${filter} order by u.user_id, u.type`.execute(db);
  return rows;
}

/** A user's own values; null where the quota's value applies. */
export interface Overrides {
  readonly value: { readonly limit: number | null } | null;
  readonly expire: Expire | null;
  readonly enable: boolean | null;
}

/** Locks the user's row until the transaction ends. Lock the quota's row before it. */
export async function lockOverrides(
  tx: DatabaseTransaction,
  userId: string,
  quotaId: string,
): Promise<Overrides | undefined> {
  const row = await tx
    .selectFrom("eom_user_quota")
    .select(["overrides_value", "value", "expire", "enable"])
    .where("user_id", "=", userId)
    .where("quota_id", "=", quotaId)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return { value: row.overrides_value ? { limit: row.value } : null, expire: row.expire, enable: row.enable };
}

/**
 * Assigns the quota and counts the user, in one statement that waits for the quota's row.
 *
 * @returns false if there is no such quota
 * @throws the violation of eom_user_quota_type when the user has a quota of this type
 */
export async function insertUserQuota(
  tx: DatabaseTransaction,
  userId: string,
  quotaId: string,
  by: string,
): Promise<boolean> {
  const { rows } = await sql`
    with q as (
      update eom_quota set assigned_users = assigned_users + 1 where id = ${quotaId} returning id, type, expire)
    insert into eom_user_quota
      (user_id, type, quota_id, assigned, assigned_by, expires_at, period_start, modified, modified_by)
    select ${userId}::text, q.type, q.id, now(), ${by}::text, eom_expires_at(q.expire, now()), now(), now(), ${by}::text from q
    returning quota_id`.execute(tx);
  return rows.length > 0;
}

/** Writes the user's own values, and increments the version. */
export async function updateOverrides(
  tx: DatabaseTransaction,
  userId: string,
  quotaId: string,
  { value, expire, enable }: Overrides,
  by: string,
): Promise<void> {
  await tx
    .updateTable("eom_user_quota")
    .set({
      overrides_value: value !== null,
      value: value === null ? null : value.limit,
      expire: expire === null ? sql<null>`null` : toJsonb(expire),
      enable,
      version: sql`version + 1`,
      modified: sql`now()`,
      modified_by: by,
    })
    .where("user_id", "=", userId)
    .where("quota_id", "=", quotaId)
    .execute();
}

/** Takes the quota away. The caller decrements the number of users in the quota's row, which it has locked. */
export async function deleteUserQuota(tx: DatabaseTransaction, userId: string, quotaId: string): Promise<void> {
  await tx.deleteFrom("eom_user_quota").where("user_id", "=", userId).where("quota_id", "=", quotaId).execute();
}

/** Which of these users have a quota of the type, and which one. */
export function listHolders(db: Database, type: QuotaType, userIds: readonly string[]) {
  return db
    .selectFrom("eom_user_quota")
    .select(["user_id", "quota_id"])
    .where(sql<SqlBool>`user_id = any(${userIds}::text[])`)
    .where("type", "=", type)
    .execute();
}
