import { type Actor, recordAudit } from "../../platform/audit/record.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/database/tables.ts";
import { inTransaction } from "../../platform/database/transaction.ts";
import { createId, isUuid } from "../../platform/id.ts";
import { type Page, parsePageStart } from "../../platform/resource/paging.ts";
import { deliveryNotFound, webhookNotFound } from "../errors.ts";
import { listDeliveries } from "../list.ts";
import { lockWebhook } from "../queries.ts";
import { toDelivery } from "../representation.ts";
import { requireWebhook } from "../service.ts";
import type { Messenger } from "./messenger.ts";
import type { Delivery, ListDeliveries, Redriven, TestReport } from "./model.ts";
import { type DeliveryRow, findDelivery, redriveDead, redriveDelivery } from "./queries.ts";

const maxRedriven = 10_000;

interface DeliveryNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly messenger: Messenger;
  /** Called when something became due. */
  readonly onWork: () => void;
}

export type DeliveryService = ReturnType<typeof createDeliveryService>;

/** What becomes of the messages of one webhook, and what a person can do about it. */
export function createDeliveryService({ db, clock, messenger, onWork }: DeliveryNeeds) {
  /** @throws WEBHOOK_NOT_FOUND */
  async function list(webhookId: string, query: ListDeliveries): Promise<Page<DeliveryRow>> {
    const { id } = await requireWebhook(db, webhookId);
    return listDeliveries(db, id, query, parsePageStart(query));
  }

  /**
   * Sends one message now, to a disabled webhook too, and says what came of it. It is in no list and counts for nothing.
   *
   * @throws WEBHOOK_NOT_FOUND, SECRET_STORE_UNAVAILABLE
   */
  async function test(webhookId: string): Promise<TestReport> {
    const webhook = await requireWebhook(db, webhookId);
    const now = clock.now();
    const isSigningTwice = webhook.previous_secret_until !== null && webhook.previous_secret_until > now;
    const event = {
      id: createId(),
      type: "webhook.test",
      kind: "webhook",
      object_id: webhook.id,
      data: { webhook_id: webhook.id },
      created: now,
    };
    const { error, httpStatus, durationMs } = await messenger.send({
      address: webhook.address,
      secret_ref: webhook.secret_ref,
      previous_secret_ref: isSigningTwice ? webhook.previous_secret_ref : null,
      event,
    });
    const found = { http_status: httpStatus, error, duration_ms: durationMs };
    return { delivered: error === null, message_id: event.id, ...found };
  }

  /**
   * Has a delivery sent again, whatever became of it: dead, delivered (the receiver lost it), or waiting.
   *
   * @throws WEBHOOK_NOT_FOUND, DELIVERY_NOT_FOUND
   */
  async function redrive(webhookId: string, id: string, actor: Actor): Promise<Delivery> {
    const webhook = await requireWebhook(db, webhookId);
    if (!isUuid(id)) throw deliveryNotFound(id);
    const delivery = await inTransaction(db, async (tx) => {
      const before = await findDelivery(tx, webhook.id, id);
      if (before === undefined) throw deliveryNotFound(id);
      await redriveDelivery(tx, id, clock.now());
      const row = await findDelivery(tx, webhook.id, id);
      if (row === undefined) throw deliveryNotFound(id);
      const after = toDelivery(row);
      const entry = { actor, action: "delivery.redrive", kind: "delivery", objectId: id };
      await recordAudit(tx, { ...entry, before: toDelivery(before), after });
      return after;
    });
    onWork();
    return delivery;
  }

  /** All dead ones, at most 10,000 a call. @throws WEBHOOK_NOT_FOUND */
  async function redriveAll(webhookId: string, actor: Actor): Promise<Redriven> {
    const { id } = await requireWebhook(db, webhookId);
    const told = await inTransaction(db, async (tx) => {
      const redriven = await redriveDead(tx, id, clock.now(), maxRedriven);
      const webhook = await lockWebhook(tx, id);
      if (webhook === undefined) throw webhookNotFound(id);
      const after = { redriven, remaining: webhook.dead > 0 };
      await recordAudit(tx, { actor, action: "webhook.redrive", kind: "webhook", objectId: id, before: null, after });
      return after;
    });
    onWork();
    return told;
  }

  return { list, test, redrive, redriveAll };
}
