import { type RawBuilder, type Selectable, sql } from "kysely";
import { toJsonb } from "../platform/database/sql.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { foldCase } from "../platform/resource/fields.ts";
import type { Expire, QuotaType } from "./model.ts";
import type { QuotaTable } from "./tables.ts";

export type QuotaRow = Selectable<QuotaTable>;

/** The columns that a create writes; `labels` and `expire` go as objects. */
export interface NewQuota {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly type: QuotaType;
  readonly value: number | null;
  readonly expire: Expire;
  readonly enable: boolean;
  readonly labels: Record<string, string>;
  readonly modified: Date;
  readonly modified_by: string;
}

export function findQuota(db: Database, id: string): Promise<QuotaRow | undefined> {
  return db.selectFrom("eom_quota").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Holds the row against other writers until the transaction ends. Always before rows of users, never after. */
export function lockQuota(tx: DatabaseTransaction, id: string): Promise<QuotaRow | undefined> {
  return tx.selectFrom("eom_quota").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
}

export async function insertQuota(tx: DatabaseTransaction, quota: NewQuota): Promise<void> {
  await tx
    .insertInto("eom_quota")
    .values({ ...toColumns(quota), id: quota.id, created: quota.modified, created_by: quota.modified_by })
    .execute();
}

/** Writes every column anew and counts the version up. */
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

export async function deleteQuota(tx: DatabaseTransaction, id: string): Promise<void> {
  await tx.deleteFrom("eom_quota").where("id", "=", id).execute();
}

/** `difference` may be negative. The caller holds the quota's row. */
export async function countAssigned(tx: DatabaseTransaction, id: string, difference: number): Promise<void> {
  await sql`update eom_quota set assigned_users = assigned_users + ${difference}::bigint where id = ${id}`.execute(tx);
}

/** The first users that have the quota, by their id. */
export function listAssignedUsers(db: Database, id: string, limit: number) {
  return db
    .selectFrom("eom_user_quota")
    .select("user_id as id")
    .where("quota_id", "=", id)
    .orderBy("user_id")
    .limit(limit)
    .execute();
}

/** Fails with SQL state 22023 for a time zone that this PostgreSQL does not know. */
export async function computePeriod(db: Database, expire: RawBuilder<Expire>): Promise<void> {
  await sql`select eom_period_start(${expire}, now())`.execute(db);
}
