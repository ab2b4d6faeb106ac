import { type RawBuilder, type Selectable, sql } from "kysely";
import type { Database, DatabaseTransaction } from "../../platform/database/tables.ts";
import type { AttemptError, WebhookState } from "../model.ts";
import type { OutboxEvent } from "./cloud-event.ts";
import type { DeliveryTable } from "./tables.ts";

/** A row of eom_webhook_delivery as it is read. */
export type DeliveryRow = Selectable<DeliveryTable>;

/** Finds a delivery of this webhook alone. Both ids must be UUIDs. */
export function findDelivery(db: Database, webhookId: string, id: string): Promise<DeliveryRow | undefined> {
  return db
    .selectFrom("eom_webhook_delivery")
    .selectAll()
    .where("id", "=", id)
    .where("webhook_id", "=", webhookId)
    .executeTakeFirst();
}

/** A delivery that this process has claimed, with everything that its message is made of. */
export interface ClaimedDelivery {
  readonly id: string;
  /** Token of the claim: a later claim of the same delivery has another. */
  readonly claim: string;
  /** How many attempts were made, the attempt of this claim included. */
  readonly attempts: number;
  readonly webhook_id: string;
  readonly address: string;
  readonly secret_ref: string;
  /** Null when the previous secret no longer signs. */
  readonly previous_secret_ref: string | null;
  readonly event: OutboxEvent;
}

/** Which deliveries are claimed, and how many. */
export interface ClaimOptions {
  readonly now: Date;
  /** Claims deliveries of webhooks in this state alone. */
  readonly state: WebhookState;
  /** Deliveries of one webhook under way at once in this process, `busy` included. */
  readonly maxPerWebhook: number;
  readonly limit: number;
  /** How many deliveries are under way in this process, by webhook. */
  readonly busy: ReadonlyMap<string, number>;
  readonly leaseSeconds: number;
}

/**
 * Claims due deliveries of enabled webhooks that have room, the most overdue first. A delivery is due by the clock that is
 * passed as `now`, which also computes the pauses; leases run by the database's clock. The claim counts the attempt before it
 * is made: otherwise a delivery that kills its process every time would be retried for ever.
 *
 * `chosen` reads the index eom_webhook_delivery_due webhook by webhook, so that thousands of deliveries of one webhook do not
 * delay a single delivery of another. The lock is in a CTE of its own: within a join the planner may lock more rows than the
 * LIMIT returns.
 */
export async function claimDeliveries(db: Database, options: ClaimOptions): Promise<ClaimedDelivery[]> {
  const { now, state, maxPerWebhook, limit, busy, leaseSeconds } = options;
  const { rows } = await sql<Omit<ClaimedDelivery, "event"> & Omit<OutboxEvent, "id"> & { event_id: string }>`
    with busy as (
      select * from unnest(${[...busy.keys()]}::uuid[], ${[...busy.values()]}::int[]) as b (webhook_id, deliveries)
    ), open as (
      select w.id, ${maxPerWebhook}::int - coalesce(b.deliveries, 0) as room
      from eom_webhook as w left join busy as b on b.webhook_id = w.id
      where w.enable and w.state = ${state}
    ), chosen as (
      select q.id from open cross join lateral (
        select d.id, d.next_attempt_at from eom_webhook_delivery as d
        where d.webhook_id = open.id and ${isDue(now)}
        order by d.next_attempt_at, d.id limit greatest(open.room, 0)) as q
      order by q.next_attempt_at, q.id limit ${limit}
    ), locked as (
      select d.id from eom_webhook_delivery as d where d.id in (select id from chosen) and ${isDue(now)}
      for update skip locked
    ), claimed as (
      update eom_webhook_delivery as d set claim = gen_random_uuid(), attempts = d.attempts + 1,
        lease_expires_at = now() + make_interval(secs => ${leaseSeconds})
      from locked where d.id = locked.id
      returning d.id, d.claim, d.attempts, d.webhook_id, d.event_id)
    select c.id, c.claim, c.attempts, c.webhook_id, w.address, w.secret_ref,
      case when w.previous_secret_until > ${now}::timestamptz then w.previous_secret_ref end as previous_secret_ref,
      e.id as event_id, e.type, e.kind, e.object_id, e.data, e.created
    from claimed as c join eom_webhook as w on w.id = c.webhook_id join eom_event as e on e.id = c.event_id`.execute(
    db,
  );
  return rows.map(({ event_id, type, kind, object_id, data, created, ...delivery }) => ({
    ...delivery,
    event: { id: event_id, type, kind, object_id, data, created },
  }));
}

/** A condition on a row of eom_webhook_delivery under the alias `d`. */
function isDue(now: Date): RawBuilder<unknown> {
  return sql`d.state = 'pending' and d.next_attempt_at <= ${now}::timestamptz
    and (d.lease_expires_at is null or d.lease_expires_at <= now())`;
}

/** The outcome of an attempt, and the next attempt of the delivery. */
export interface AttemptRecord {
  readonly at: Date;
  readonly error: AttemptError | null;
  readonly httpStatus: number | null;
  readonly durationMilliseconds: number;
  /** Null when the delivery is delivered or dead. */
  readonly nextAttemptAt: Date | null;
}

/**
 * Records an attempt in the delivery and in its webhook, unless another process has claimed the delivery in the meantime.
 *
 * @returns false when another process has claimed it; nothing was written then
 */
export async function recordAttempt(
  db: Database,
  { id, claim }: Pick<ClaimedDelivery, "id" | "claim">,
  { at, error, httpStatus, durationMilliseconds, nextAttemptAt }: AttemptRecord,
): Promise<boolean> {
  const state = nextAttemptAt !== null ? "pending" : error === null ? "delivered" : "dead";
  const { rows } = await sql`
    with recorded as (
      update eom_webhook_delivery set state = ${state}, next_attempt_at = ${nextAttemptAt}, claim = null,
        lease_expires_at = null, last_attempt_at = ${at}, last_http_status = ${httpStatus}, last_error = ${error},
        last_duration_ms = ${durationMilliseconds}, delivered = case when ${state} = 'delivered' then ${at}::timestamptz end
      where id = ${id} and claim = ${claim} returning webhook_id
    ), webhook as (
      update eom_webhook as w set ${error === null ? toSuccess(at) : toFailure(at, error)}
      from recorded where w.id = recorded.webhook_id)
    select from recorded`.execute(db);
  return rows.length === 1;
}

function toSuccess(at: Date): RawBuilder<unknown> {
  return sql`state = 'healthy', consecutive_failures = 0, last_success = ${at}`;
}

function toFailure(at: Date, error: AttemptError): RawBuilder<unknown> {
  return sql`state = 'failing', consecutive_failures = w.consecutive_failures + 1, last_failure = ${at},
    last_error = ${error}`;
}

/** Gives back a claim without an attempt: the attempt is not counted, and the delivery is due again at `nextAttemptAt`. */
export async function releaseDelivery(
  db: Database,
  { id, claim }: Pick<ClaimedDelivery, "id" | "claim">,
  nextAttemptAt: Date,
): Promise<void> {
  await sql`update eom_webhook_delivery set claim = null, lease_expires_at = null, attempts = greatest(attempts - 1, 0),
    next_attempt_at = ${nextAttemptAt} where id = ${id} and claim = ${claim}`.execute(db);
}

/**
 * Makes a delivery due now, with no attempts counted. An attempt that is under way goes on, and its outcome is recorded.
 */
export async function redriveDelivery(tx: DatabaseTransaction, id: string, now: Date): Promise<void> {
  await sql`update eom_webhook_delivery set state = 'pending', attempts = 0, next_attempt_at = ${now}, delivered = null
    where id = ${id}`.execute(tx);
}

/**
 * As {@link redriveDelivery}, for the dead deliveries of a webhook, the oldest first.
 *
 * @returns how many were made due, at most `limit`
 */
export async function redriveDead(
  tx: DatabaseTransaction,
  webhookId: string,
  now: Date,
  limit: number,
): Promise<number> {
  const { numAffectedRows } = await sql`
    with chosen as (
      select id from eom_webhook_delivery where webhook_id = ${webhookId} and state = 'dead'
      order by id limit ${limit} for update skip locked)
    update eom_webhook_delivery as d set state = 'pending', attempts = 0, next_attempt_at = ${now}
    from chosen where d.id = chosen.id`.execute(tx);
  return Number(numAffectedRows ?? 0n);
}
