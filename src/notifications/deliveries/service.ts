import { type Actor, recordAudit } from "../../platform/audit/record.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Database, DatabaseTransaction } from "../../platform/database/tables.ts";
import { inTransaction } from "../../platform/database/transaction.ts";
import { createId } from "../../platform/id.ts";
import type { Page, PageStart } from "../../platform/resource/paging.ts";
import { requireRow } from "../../platform/resource/rows.ts";
import { deliveryNotFound, webhookNotFound } from "../errors.ts";
import { lockWebhook } from "../queries.ts";
import { requireWebhook } from "../service.ts";
import { listDeliveries } from "./list.ts";
import type { Messenger } from "./messenger.ts";
import type { Delivery, ListDeliveries, Redriven, TestReport } from "./model.ts";
import { type DeliveryRow, findDelivery, redriveDead, redriveDelivery } from "./queries.ts";
import { toDelivery } from "./representation.ts";

/** Dead deliveries that one request makes due again; bounds the transaction. */
const maxRedriven = 10_000;

interface DeliveryNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly messenger: Messenger;
  /** Called after the commit of a redrive, when deliveries are due. */
  readonly onWork: () => void;
}

/** The use cases of deliveries. */
export type DeliveryService = ReturnType<typeof createDeliveryService>;

/** The use cases of the messages of one webhook. Each opens its own transactions, so it must not be called within one. */
export function createDeliveryService({ db, clock, messenger, onWork }: DeliveryNeeds) {
  /** @throws WEBHOOK_NOT_FOUND */
  async function list(webhookId: string, query: ListDeliveries, start: PageStart): Promise<Page<DeliveryRow>> {
    const { id } = await requireWebhook(db, webhookId);
    return listDeliveries(db, id, query, start);
  }

  /**
   * Sends one message now, to a disabled webhook too, and reports the outcome. The message is no delivery: no list shows it,
   * and the state of the webhook does not change.
   *
   * @throws WEBHOOK_NOT_FOUND, SECRET_STORE_UNAVAILABLE
   */
  async function test(webhookId: string): Promise<TestReport> {
    const webhook = await requireWebhook(db, webhookId);
    const now = clock.now();
    const isInRotation = webhook.previous_secret_until !== null && webhook.previous_secret_until > now;
    const event = {
      id: createId(),
      type: "webhook.test",
      kind: "webhook",
      object_id: webhook.id,
      data: { webhook_id: webhook.id },
      created: now,
    };
    const { error, httpStatus, durationMilliseconds } = await messenger.send({
      address: webhook.address,
      secret_ref: webhook.secret_ref,
      previous_secret_ref: isInRotation ? webhook.previous_secret_ref : null,
      event,
    });
    return {
      delivered: error === null,
      message_id: event.id,
      http_status: httpStatus,
      error,
      duration_ms: durationMilliseconds,
    };
  }

  /**
   * Makes one delivery due again, in any state: dead, delivered (if the receiver lost the message), or pending.
   *
   * @throws WEBHOOK_NOT_FOUND, DELIVERY_NOT_FOUND
   */
  async function redrive(webhookId: string, id: string, actor: Actor): Promise<Delivery> {
    const webhook = await requireWebhook(db, webhookId);
    const delivery = await inTransaction(db, async (tx) => {
      const before = await requireDelivery(tx, webhook.id, id);
      await redriveDelivery(tx, id, clock.now());
      const after = await requireDelivery(tx, webhook.id, id);
      const entry = { actor, action: "delivery.redrive", kind: "delivery", objectId: id };
      await recordAudit(tx, { ...entry, before, after });
      return after;
    });
    onWork();
    return delivery;
  }

  /** Makes dead deliveries due again, the oldest first, at most 10,000 per call. @throws WEBHOOK_NOT_FOUND */
  async function redriveAll(webhookId: string, actor: Actor): Promise<Redriven> {
    const { id } = await requireWebhook(db, webhookId);
    const result = await inTransaction(db, async (tx) => {
      const redriven = await redriveDead(tx, id, clock.now(), maxRedriven);
      const webhook = await requireRow(id, (uuid) => lockWebhook(tx, uuid), webhookNotFound);
      const after = { redriven, remaining: webhook.dead > 0 };
      await recordAudit(tx, { actor, action: "webhook.redrive", kind: "webhook", objectId: id, before: null, after });
      return after;
    });
    onWork();
    return result;
  }

  return { list, test, redrive, redriveAll };
}

/** @throws DELIVERY_NOT_FOUND */
async function requireDelivery(tx: DatabaseTransaction, webhookId: string, id: string): Promise<Delivery> {
  return toDelivery(await requireRow(id, (uuid) => findDelivery(tx, webhookId, uuid), deliveryNotFound));
}
