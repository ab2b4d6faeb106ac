import { type Selectable, sql } from "kysely";
import { toJsonb } from "../platform/database/sql.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { foldCase } from "../platform/resource/fields.ts";
import { maxExactTotal } from "../platform/resource/paging.ts";
import type { WebhookTable } from "./tables.ts";

/** A webhook with the numbers of its pending and dead deliveries, each counted up to `maxExactTotal`. */
export type WebhookRow = Selectable<WebhookTable> & { pending: number; dead: number };

/** The columns that a change by a person writes, with the references of the secrets. */
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

/** The columns `pending` and `dead` of a {@link WebhookRow}, for statements on the table `eom_webhook` without an alias. */
export const deliveryCounts = sql`${countOf("pending")} as pending, ${countOf("dead")} as dead`;

/** `id` must be a UUID. */
export async function findWebhook(db: Database, id: string): Promise<WebhookRow | undefined> {
  const { rows } = await sql<WebhookRow>`
    select eom_webhook.*, ${deliveryCounts} from eom_webhook where id = ${id}`.execute(db);
  return rows[0];
}

/**
 * Locks the row against other writers until the transaction ends, and reads it. Inserting deliveries of the webhook needs a
 * weaker lock (`for key share`) and does not wait. `id` must be a UUID.
 */
export async function lockWebhook(tx: DatabaseTransaction, id: string): Promise<WebhookRow | undefined> {
  await sql`select from eom_webhook where id = ${id} for no key update`.execute(tx);
  return findWebhook(tx, id);
}

/** Its first change is its creation: `created` and `created_by` are those of the modification. */
export async function insertWebhook(tx: DatabaseTransaction, webhook: NewWebhook): Promise<void> {
  await tx
    .insertInto("eom_webhook")
    .values({ ...toColumns(webhook), id: webhook.id, created: webhook.modified, created_by: webhook.modified_by })
    .execute();
}

/** Writes every column of {@link NewWebhook} and increments the version. */
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

/** Deletes the webhook and, through the foreign key, its deliveries. */
export async function deleteWebhook(tx: DatabaseTransaction, id: string): Promise<void> {
  await tx.deleteFrom("eom_webhook").where("id", "=", id).execute();
}
