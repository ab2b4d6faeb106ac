import { type Selectable, sql } from "kysely";
import { toJsonb } from "../platform/database/sql.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { foldCase } from "../platform/resource/fields.ts";
import type { Expire } from "./expire.ts";
import type { QuotaType } from "./quota-type.ts";
import type { QuotaTable } from "./tables.ts";

/** A row of eom_quota, as selected. */
export type QuotaRow = Selectable<QuotaTable>;

/** The columns that a create or an update writes. */
export interface NewQuota {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly type: QuotaType;
  /** The limit; null is unlimited. */
  readonly value: number | null;
  readonly expire: Expire;
  readonly enable: boolean;
  readonly labels: Record<string, string>;
  readonly modified: Date;
  readonly modified_by: string;
}

/** One quota, without a lock. */
export function findQuota(db: Database, id: string): Promise<QuotaRow | undefined> {
  return db.selectFrom("eom_quota").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Locks the row until the transaction ends. Lock it before rows of users, never after them. */
export function lockQuota(tx: DatabaseTransaction, id: string): Promise<QuotaRow | undefined> {
  return tx.selectFrom("eom_quota").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
}

/** @throws the violation of eom_quota_name_key when the name is taken */
export async function insertQuota(tx: DatabaseTransaction, quota: NewQuota): Promise<void> {
  await tx
    .insertInto("eom_quota")
    .values({ ...toColumns(quota), id: quota.id, created: quota.modified, created_by: quota.modified_by })
    .execute();
}

/**
 * Writes every column, and increments the version.
 *
 * @throws the violation of eom_quota_name_key when the name is taken
 */
export async function updateQuota(tx: DatabaseTransaction, quota: NewQuota): Promise<void> {
  await tx
    .updateTable("eom_quota")
    .set({ ...toColumns(quota), version: sql`version + 1` })
    .where("id", "=", quota.id)
    .execute();
}

function toColumns(quota: NewQuota) {
  return {
    name: quota.name,
    name_key: foldCase(quota.name),
    description: quota.description,
    search_text: foldCase(`${quota.name}\n${quota.description ?? ""}`),
    type: quota.type,
    value: quota.value,
    expire: toJsonb(quota.expire),
    enable: quota.enable,
    labels: toJsonb(quota.labels),
    modified: quota.modified,
    modified_by: quota.modified_by,
  };
}

/** @throws the violation of eom_user_quota_quota while a user has the quota */
export async function deleteQuota(tx: DatabaseTransaction, id: string): Promise<void> {
  await tx.deleteFrom("eom_quota").where("id", "=", id).execute();
}

/** Adds to the number of users that have the quota; the caller has locked its row. @param difference may be negative */
export async function countAssigned(tx: DatabaseTransaction, id: string, difference: number): Promise<void> {
  await sql`update eom_quota set assigned_users = assigned_users + ${difference}::bigint where id = ${id}`.execute(tx);
}

/** The first users that have the quota, in the order of their ids. */
export function listAssignedUsers(db: Database, id: string, limit: number) {
  return db
    .selectFrom("eom_user_quota")
    .select("user_id as id")
    .where("quota_id", "=", id)
    .orderBy("user_id")
    .limit(limit)
    .execute();
}
