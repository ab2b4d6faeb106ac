import { recordAudit } from "../../platform/audit/record.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/database/tables.ts";
import { inTransaction, retryLost } from "../../platform/database/transaction.ts";
import { insertEvent } from "../../platform/events/queries.ts";
import { lockWebhook, updateWebhook } from "../queries.ts";
import { toWebhook } from "../representation.ts";
import type { PostOutcome } from "./post.ts";
import { type ClaimedDelivery, recordAttempt } from "./queries.ts";
import { findPauseSeconds, parseRetryAfter } from "./retries.ts";

const actor = { subject: "notifier", onBehalfOf: null, requestId: null };

/** `failed` is tried again; of `lost`, another process has taken the delivery over, and nothing was written. */
export type AttemptEnd = "delivered" | "failed" | "dead" | "gone" | "lost";

interface EndNeeds {
  readonly db: Database;
  readonly clock: Clock;
}

/** Writes down what came of an attempt, for the delivery and for its webhook. */
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
  // A webhook that is being deleted locks the two rows in the other order.
  const isOurs = await retryLost(() => recordAttempt(db, claim, { ...outcome, at, nextAttemptAt }));
  if (!isOurs) return "lost";
  if (outcome.error === null) return "delivered";
  return nextAttemptAt === null ? "dead" : "failed";
}

/** The receiver wants no more, ever (Standard Webhooks: 410 disables). What waits for it waits until somebody enables it. */
async function recordGone({ db, clock }: EndNeeds, claim: ClaimedDelivery, outcome: PostOutcome): Promise<AttemptEnd> {
  return inTransaction(db, async (tx) => {
    const at = clock.now();
    const isOurs = await recordAttempt(tx, claim, { ...outcome, at, nextAttemptAt: null });
    if (!isOurs) return "lost";
    const before = await lockWebhook(tx, claim.webhook_id);
    // Another address than the one that is gone, or disabled by another's answer.
    if (before === undefined || !before.enable || before.address !== claim.address) return "gone";
    const change = { enable: false, disabled_reason: "gone", modified: at, modified_by: actor.subject } as const;
    await updateWebhook(tx, { ...before, ...change });
    const after = await lockWebhook(tx, claim.webhook_id);
    const entry = { actor, action: "webhook.disable", kind: "webhook", objectId: before.id };
    await recordAudit(tx, {
      ...entry,
      before: toWebhook(before),
      after: after === undefined ? null : toWebhook(after),
    });
    const data = { webhook_id: before.id, reason: "gone" };
    await insertEvent(tx, { type: "webhook.disabled", kind: "webhook", objectId: before.id, data });
    return "gone";
  });
}
