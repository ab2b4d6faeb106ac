import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/database/tables.ts";
import type { Logger } from "../../platform/log.ts";
import type { NotificationMetrics } from "../metrics.ts";
import { type AttemptEnd, recordEnd } from "./attempt-end.ts";
import type { Messenger } from "./messenger.ts";
import type { PostOutcome } from "./post.ts";
import { type ClaimedDelivery, claimDeliveries, releaseDelivery } from "./queries.ts";

/**
 * The places of this process for attempts under way, by the state of the webhook. Failing webhooks have places of their own:
 * however many of their receivers hang, each until its time-out, healthy webhooks never wait for them.
 */
const lanes = [
  { state: "healthy", maxPerWebhook: 4, maxTotal: 64 },
  { state: "failing", maxPerWebhook: 2, maxTotal: 32 },
] as const;

/** Far longer than an attempt takes, with the time-outs of the secret store. */
const leaseSeconds = 60;

/** The pause when the secret store is away. It does not count as an attempt, because nothing was sent. */
const secretPauseMilliseconds = 30_000;

interface SenderNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly messenger: Messenger;
  readonly metrics: NotificationMetrics;
  /** Called after each attempt: there is room for another. */
  readonly onEnd: () => void;
}

/** Sends due deliveries to their receivers. Attempts go on between two turns of the loop. */
export interface Sender {
  /**
   * Claims due deliveries that there is room for, and starts them without waiting for their ends.
   *
   * @returns how many were started
   */
  fill(): Promise<number>;
  isIdle(): boolean;
  /** Waits until one of the attempts under way has ended. Returns at once when there is none. */
  waitForNext(): Promise<void>;
  /** Waits until no attempt is under way: little more than the time-out of one attempt. */
  waitForAll(): Promise<void>;
}

/** Creates the sender of this process. `fill` must not run twice at the same time: both would count the same room. */
export function createSender(needs: SenderNeeds): Sender {
  const { db, clock, log, onEnd } = needs;
  /** In each lane the webhook of every attempt under way, by the promise of its end. */
  const underWay = lanes.map((lane) => ({ lane, deliveries: new Map<Promise<void>, string>() }));
  const listEnds = () => underWay.flatMap(({ deliveries }) => [...deliveries.keys()]);

  async function fill(): Promise<number> {
    let started = 0;
    for (const { lane, deliveries } of underWay) {
      const limit = lane.maxTotal - deliveries.size;
      if (limit <= 0) continue;
      const { state, maxPerWebhook } = lane;
      const busy = countByWebhook(underWay.flatMap((any) => [...any.deliveries.values()]));
      const claims = await claimDeliveries(db, { now: clock.now(), state, maxPerWebhook, limit, busy, leaseSeconds });
      for (const claim of claims) start(deliveries, claim);
      started += claims.length;
    }
    return started;
  }

  function start(deliveries: Map<Promise<void>, string>, claim: ClaimedDelivery): void {
    const ended = deliver(needs, claim)
      .catch((error: unknown) => {
        log.error(
          { delivery_id: claim.id, err: error },
          "The outcome of a delivery could not be recorded. It will be sent again when its lease has run out",
        );
      })
      .finally(() => {
        deliveries.delete(ended);
        onEnd();
      });
    deliveries.set(ended, claim.webhook_id);
  }

  return {
    fill,
    isIdle: () => listEnds().length === 0,
    async waitForNext() {
      const ends = listEnds();
      if (ends.length > 0) await Promise.race(ends);
    },
    async waitForAll() {
      await Promise.all(listEnds());
    },
  };
}

function countByWebhook(webhookIds: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const id of webhookIds) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** Makes one attempt and records its outcome. */
async function deliver(needs: SenderNeeds, claim: ClaimedDelivery): Promise<void> {
  const outcome = await trySend(needs, claim);
  if (outcome === null) return;
  const end = await recordEnd(needs, claim, outcome);
  needs.metrics.attempts.inc({ outcome: end });
  logEnd(needs.log, claim, outcome, end);
}

/** @returns null when the secret could not be read: nothing was sent, and the delivery is released */
async function trySend(
  { db, clock, log, messenger }: SenderNeeds,
  claim: ClaimedDelivery,
): Promise<PostOutcome | null> {
  try {
    return await messenger.send(claim);
  } catch (error) {
    log.warn(
      { delivery_id: claim.id, webhook_id: claim.webhook_id, err: error },
      "The signing secret could not be read. The delivery will be sent later",
    );
    await releaseDelivery(db, claim, new Date(clock.now().getTime() + secretPauseMilliseconds));
    return null;
  }
}

/** Logs only the origin of the address: its path may be a secret that lets others send to the receiver. */
function logEnd(log: Logger, claim: ClaimedDelivery, outcome: PostOutcome, end: AttemptEnd): void {
  const line = {
    delivery_id: claim.id,
    webhook_id: claim.webhook_id,
    event_id: claim.event.id,
    receiver: new URL(claim.address).origin,
    attempt: claim.attempts,
    outcome: end,
    error: outcome.error,
    http_status: outcome.httpStatus,
    duration_ms: outcome.durationMilliseconds,
  };
  if (end === "delivered" || end === "failed") log.debug(line, `delivery ${end}`);
  else log.warn(outcome.cause === undefined ? line : { ...line, err: outcome.cause }, `delivery ${end}`);
}
