import { sql } from "kysely";
import type { Clock } from "../../platform/clock.ts";
import type { Database, DatabaseTransaction } from "../../platform/database/tables.ts";
import { inTransaction } from "../../platform/database/transaction.ts";
import { toEventLevel } from "../../platform/events/types.ts";
import type { Logger } from "../../platform/log.ts";
import type { OutboxEvent } from "./cloud-event.ts";

/** Events of one transaction. */
const batchSize = 500;

interface DispatchNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How many events were dispatched, and how many deliveries they became. */
export interface DispatchSummary {
  readonly dispatched: number;
  readonly deliveries: number;
}

/**
 * Turns each new event into a line of the log and a delivery for every enabled webhook that asks for its type. Any number of
 * processes may run this at once: the batch that locks an event owns it, and the mark on the event is committed together with
 * its deliveries. Looks at `signal` between batches.
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

/** Logs before the commit, so that an event is logged at least once, as it is sent at least once. */
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
 * `subscriber` is locked, so that this waits for a deletion under way and then does not see the webhook; without the lock the
 * foreign key of its deliveries would fail the batch. A disabled webhook gets no new deliveries; its pending deliveries stay.
 */
async function insertDeliveries(tx: DatabaseTransaction, events: readonly OutboxEvent[], now: Date): Promise<number> {
  const { numAffectedRows } = await sql`
    with subscriber as (select id, event_types from eom_webhook where enable for key share),
    event as (
      select * from unnest(${events.map(({ id }) => id)}::uuid[], ${events.map(({ type }) => type)}::text[]) as e (id, type))
    insert into eom_webhook_delivery (id, webhook_id, event_id, event_type, next_attempt_at)
    select eom_uuid(), subscriber.id, event.id, event.type, ${now}::timestamptz
    from event join subscriber on event.type = any(subscriber.event_types) or '*' = any(subscriber.event_types)
      or split_part(event.type, '.', 1) || '.*' = any(subscriber.event_types)
    on conflict (event_id, webhook_id) do nothing`.execute(tx);
  return Number(numAffectedRows ?? 0n);
}

async function markDispatched(tx: DatabaseTransaction, events: readonly OutboxEvent[]): Promise<void> {
  await sql`update eom_event set dispatched = now() where id = any(${events.map(({ id }) => id)}::uuid[])`.execute(tx);
}

function logEvent(log: Logger, { id, type, kind, object_id, data }: OutboxEvent): void {
  log[toEventLevel(type)]({ event_id: id, event_type: type, [`${kind}_id`]: object_id, data }, type);
}
