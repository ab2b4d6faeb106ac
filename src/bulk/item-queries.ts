import { sql } from "kysely";
import { toJsonb } from "../platform/database/sql.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Bulk, BulkAction } from "./model.ts";

/** A bulk action that is being carried out. */
export interface RunningBulk {
  readonly id: string;
  readonly kind: Bulk["kind"];
  readonly action: BulkAction;
  readonly note: string | null;
  readonly created_by: string;
  readonly on_behalf_of: string | null;
}

/** Lists running bulk actions, oldest first, 100 at most. */
export async function listRunningBulks(db: Database): Promise<RunningBulk[]> {
  const { rows } = await sql<RunningBulk>`
    select id, kind, action, note, created_by, on_behalf_of from ailbl_bulk
    where state = 'running' order by id limit 100`.execute(db);
  return rows;
}

/** A claimed item: one object of a bulk action. */
export interface BulkItem {
  readonly bulk_id: string;
  readonly item: number;
  readonly object_id: string;
  /** Including this attempt. */
  readonly attempts: number;
}

/** Claims the next free items for `seconds`. A claim only avoids double work; {@link endItem} makes an action happen once. */
export async function claimItems(
  db: Database,
  bulkId: string,
  { limit, seconds }: { limit: number; seconds: number },
): Promise<BulkItem[]> {
  const { rows } = await sql<BulkItem>`
    with next as (
      select i.bulk_id, i.item from ailbl_bulk_item as i
      where i.bulk_id = ${bulkId} and i.state = 'waiting' and (i.claimed_until is null or i.claimed_until <= now())
      order by i.item limit ${limit} for update skip locked)
    update ailbl_bulk_item as i set claimed_until = now() + make_interval(secs => ${seconds}), attempts = i.attempts + 1
    from next where i.bulk_id = next.bulk_id and i.item = next.item
    returning i.bulk_id, i.item, i.object_id, i.attempts`.execute(db);
  return rows.sort((left, right) => left.item - right.item);
}

/** Releases claimed items that were not attempted. */
export async function releaseItems(db: Database, items: readonly BulkItem[]): Promise<void> {
  const [first] = items;
  if (first === undefined) return;
  await sql`update ailbl_bulk_item set claimed_until = null, attempts = attempts - 1
    where bulk_id = ${first.bulk_id} and item = any(${items.map(({ item }) => item)}::integer[])
      and state = 'waiting'`.execute(db);
}

/**
 * Records the end of an item: in the transaction that changes its object, or alone if nothing changed. Locks the bulk action for
 * share, so that nothing is done for it after a cancel.
 *
 * @param error null for success
 * @returns false if the item or the bulk action has ended: the caller must roll its change back
 */
export async function endItem(
  db: Database,
  { bulk_id, item }: BulkItem,
  error: { readonly code: string; readonly message: string } | null,
): Promise<boolean> {
  const { rows } = await sql`
    with running as (
      select id from ailbl_bulk where id = ${bulk_id} and state = 'running' for share)
    update ailbl_bulk_item as i
    set state = ${error === null ? "done" : "failed"}, claimed_until = null, error = ${error === null ? sql`null` : toJsonb(error)}
    from running where i.bulk_id = running.id and i.item = ${item} and i.state = 'waiting'
    returning 1`.execute(db);
  return rows.length === 1;
}
