import { type Selectable, sql } from "kysely";
import { toJsonb } from "../platform/database/sql.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { foldCase } from "../platform/resource/fields.ts";
import { maxExactTotal } from "../platform/resource/paging.ts";
import type { WebhookTable } from "./tables.ts";

/** A webhook with how many of its deliveries wait and how many are dead. */
export type WebhookRow = Selectable<WebhookTable> & { pending: number; dead: number };

/** The columns that people set, and where the secrets lie. */
export type NewWebhook = Pick<
  WebhookRow,
  | "id"
  | "address"
  | "description"
  | "event_types"
  | "enable"
  | "disabled_reason"
  | "labels"
  | "secret_ref"
  | "previous_secret_ref"
  | "previous_secret_until"
  | "modified"
  | "modified_by"
>;

const countOf = (state: "pending" | "dead") => sql<number>`(
  select count(*) from (
    select from eom_webhook_delivery as d where d.webhook_id = eom_webhook.id and d.state = ${sql.lit(state)}
    limit ${sql.lit(maxExactTotal)}) as counted)`;

/** For statements that name the table `eom_webhook`. */
export const deliveryCounts = sql`${countOf("pending")} as pending, ${countOf("dead")} as dead`;

export async function findWebhook(db: Database, id: string): Promise<WebhookRow | undefined> {
  const { rows } = await sql<WebhookRow>`
    select eom_webhook.*, ${deliveryCounts} from eom_webhook where id = ${id}`.execute(db);
  return rows[0];
}

/** Holds the row against other writers until the transaction ends; deliveries of it may still be made. */
export async function lockWebhook(tx: DatabaseTransaction, id: string): Promise<WebhookRow | undefined> {
  await sql`select from eom_webhook where id = ${id} for no key update`.execute(tx);
  return findWebhook(tx, id);
}

export async function insertWebhook(tx: DatabaseTransaction, webhook: NewWebhook): Promise<void> {
  await tx
    .insertInto("eom_webhook")
    .values({ ...toColumns(webhook), id: webhook.id, created: webhook.modified, created_by: webhook.modified_by })
    .execute();
}

/** Writes every column that people set anew and counts the version up. */
export async function updateWebhook(tx: DatabaseTransaction, webhook: NewWebhook): Promise<void> {
  await tx
    .updateTable("eom_webhook")
    .set({ ...toColumns(webhook), version: sql`version + 1` })
    .where("id", "=", webhook.id)
    .execute();
}

function toColumns(webhook: NewWebhook) {
  return {
    address: webhook.address,
    description: webhook.description,
    search_text: foldCase(`${webhook.address}\n${webhook.description ?? ""}`),
    event_types: sql<string[]>`${webhook.event_types}::text[]`,
    enable: webhook.enable,
    disabled_reason: webhook.disabled_reason,
    labels: toJsonb(webhook.labels),
    secret_ref: webhook.secret_ref,
    previous_secret_ref: webhook.previous_secret_ref,
    previous_secret_until: webhook.previous_secret_until,
    modified: webhook.modified,
    modified_by: webhook.modified_by,
  };
}

/** Its deliveries go with it. */
export async function deleteWebhook(tx: DatabaseTransaction, id: string): Promise<void> {
  await tx.deleteFrom("eom_webhook").where("id", "=", id).execute();
}
