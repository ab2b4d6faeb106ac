import { recordAudit } from "../../platform/audit/record.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Database, DatabaseTransaction } from "../../platform/database/tables.ts";
import { inTransaction, retryLost } from "../../platform/database/transaction.ts";
import { insertEvent } from "../../platform/events/queries.ts";
import { lockWebhook, updateWebhook } from "../queries.ts";
import { toWebhook } from "../representation.ts";
import type { PostOutcome } from "./post.ts";
import { type ClaimedDelivery, recordAttempt } from "./queries.ts";
import { findPauseSeconds, parseRetryAfter } from "./retries.ts";

const actor = { subject: "notifier", onBehalfOf: null, requestId: null };

/**
 * How an attempt ended:
 *
 * - `delivered`: the receiver answered 2xx.
 * - `failed`: the attempt failed and another follows.
 * - `dead`: the last attempt failed.
 * - `gone`: the receiver answered 410.
 * - `lost`: the lease ran out and another process claimed the delivery; nothing was written.
 */
export type AttemptEnd = "delivered" | "failed" | "dead" | "gone" | "lost";

interface EndNeeds {
  readonly db: Database;
  readonly clock: Clock;
}

/** Writes the outcome of an attempt to the delivery and to its webhook, in a transaction of its own. */
export function recordEnd(needs: EndNeeds, claim: ClaimedDelivery, outcome: PostOutcome): Promise<AttemptEnd> {
  return outcome.error === "gone" ? recordGone(needs, claim, outcome) : recordAnswer(needs, claim, outcome);
}

async function recordAnswer(
  { db, clock }: EndNeeds,
  claim: ClaimedDelivery,
  outcome: PostOutcome,
): Promise<AttemptEnd> {
  const at = clock.now();
  const pauseSeconds =
    outcome.error === null ? null : findPauseSeconds(claim.attempts, parseRetryAfter(outcome.retryAfter, at));
  const nextAttemptAt = pauseSeconds === null ? null : new Date(at.getTime() + pauseSeconds * 1000);
  // Retried, because deleting a webhook locks the two rows in the other order: one of the two may end in a deadlock.
  const isOurs = await retryLost(() => recordAttempt(db, claim, { ...outcome, at, nextAttemptAt }));
  if (!isOurs) return "lost";
  if (outcome.error === null) return "delivered";
  return nextAttemptAt === null ? "dead" : "failed";
}

/**
 * The receiver wants no more messages, ever (Standard Webhooks: 410 disables the endpoint). This delivery is dead. The pending
 * deliveries of the webhook stay, and are sent if somebody enables it again.
 */
async function recordGone({ db, clock }: EndNeeds, claim: ClaimedDelivery, outcome: PostOutcome): Promise<AttemptEnd> {
  return inTransaction(db, async (tx) => {
    const at = clock.now();
    const isOurs = await recordAttempt(tx, claim, { ...outcome, at, nextAttemptAt: null });
    if (!isOurs) return "lost";
    await disableWebhook(tx, claim, at);
    return "gone";
  });
}

/** Does nothing if the webhook is disabled already, or has another address by now: that address did not answer 410. */
async function disableWebhook(tx: DatabaseTransaction, claim: ClaimedDelivery, at: Date): Promise<void> {
  const before = await lockWebhook(tx, claim.webhook_id);
  if (before === undefined || !before.enable || before.address !== claim.address) return;
  const change = { enable: false, disabled_reason: "gone", modified: at, modified_by: actor.subject } as const;
  await updateWebhook(tx, { ...before, ...change });
  const after = await lockWebhook(tx, claim.webhook_id);
  await recordAudit(tx, {
    actor,
    action: "webhook.disable",
    kind: "webhook",
    objectId: before.id,
    before: toWebhook(before),
    after: after === undefined ? null : toWebhook(after),
  });
  const data = { webhook_id: before.id, reason: "gone" } as const;
  await insertEvent(tx, { type: "webhook.disabled", kind: "webhook", objectId: before.id, data });
}
