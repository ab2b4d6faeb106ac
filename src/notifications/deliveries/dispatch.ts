import { sql } from "kysely";
import type { Clock } from "../../platform/clock.ts";
import type { Database, DatabaseTransaction } from "../../platform/database/tables.ts";
import { inTransaction } from "../../platform/database/transaction.ts";
import { toEventLevel } from "../../platform/events/types.ts";
import type { Logger } from "../../platform/log.ts";
import type { OutboxEvent } from "./cloud-event.ts";

const batchSize = 500;

export interface DispatchNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface DispatchSummary {
  readonly dispatched: number;
  readonly deliveries: number;
}

/**
 * Makes of each event a delivery for every webhook that wants it, and a line in the log. Any number of processes may do so at
 * once: an event belongs to the batch that has locked it, and its mark is committed with its deliveries.
 */
export async function dispatch(needs: DispatchNeeds, signal: AbortSignal): Promise<DispatchSummary> {
  const sum = { dispatched: 0, deliveries: 0 };
  while (!signal.aborted) {
    const { events, deliveries } = await inTransaction(needs.db, (tx) => dispatchBatch(tx, needs));
    sum.dispatched += events;
    sum.deliveries += deliveries;
    if (events < batchSize) break;
  }
  return sum;
}

/** The log comes before the commit: an event may be told twice there, as to a webhook, and never not at all. */
async function dispatchBatch(tx: DatabaseTransaction, { clock, log }: DispatchNeeds) {
  const events = await lockUndispatched(tx, batchSize);
  if (events.length === 0) return { events: 0, deliveries: 0 };
  const deliveries = await insertDeliveries(tx, events, clock.now());
  await markDispatched(tx, events);
  for (const event of events) logEvent(log, event);
  return { events: events.length, deliveries };
}

async function lockUndispatched(tx: DatabaseTransaction, limit: number): Promise<OutboxEvent[]> {
  const { rows } = await sql<OutboxEvent>`
    select id, type, kind, object_id, data, created from eom_event where dispatched is null
    order by created, id limit ${limit} for update skip locked`.execute(tx);
  return rows;
}

/**
 * `wanting` is locked so that a webhook that is being deleted is waited for, and then not there. A webhook that is disabled
 * misses what happens meanwhile; what waits for it already goes on waiting.
 */
async function insertDeliveries(tx: DatabaseTransaction, events: readonly OutboxEvent[], now: Date): Promise<number> {
  const { numAffectedRows } = await sql`
    with wanting as (select id, event_types from eom_webhook where enable for key share),
    event as (
      select * from unnest(${events.map(({ id }) => id)}::uuid[], ${events.map(({ type }) => type)}::text[]) as e (id, type))
    insert into eom_webhook_delivery (id, webhook_id, event_id, event_type, next_attempt_at)
    select eom_uuid(), wanting.id, event.id, event.type, ${now}::timestamptz
    from event join wanting on event.type = any(wanting.event_types) or '*' = any(wanting.event_types)
      or split_part(event.type, '.', 1) || '.*' = any(wanting.event_types)
    on conflict (event_id, webhook_id) do nothing`.execute(tx);
  return Number(numAffectedRows ?? 0n);
}

async function markDispatched(tx: DatabaseTransaction, events: readonly OutboxEvent[]): Promise<void> {
  await sql`update eom_event set dispatched = now() where id = any(${events.map(({ id }) => id)}::uuid[])`.execute(tx);
}

function logEvent(log: Logger, { id, type, kind, object_id, data }: OutboxEvent): void {
  log[toEventLevel(type)]({ event_id: id, event_type: type, [`${kind}_id`]: object_id, data }, type);
}
