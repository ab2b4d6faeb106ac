import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/database/tables.ts";
import type { Logger } from "../../platform/log.ts";
import type { NotificationMetrics } from "../metrics.ts";
import { type AttemptEnd, recordEnd } from "./attempt-end.ts";
import type { Messenger } from "./messenger.ts";
import type { PostOutcome } from "./post.ts";
import { type ClaimedDelivery, claimDeliveries, releaseDelivery } from "./queries.ts";

/**
 * What this process has under way at most. A receiver that fails has a place of its own to fail in, so that however many hang,
 * each for its ten seconds, those that answer never wait for them.
 */
const lanes = [
  { state: "healthy", maxOfEach: 4, maxOfAll: 64 },
  { state: "failing", maxOfEach: 2, maxOfAll: 32 },
] as const;

/** Far more than an attempt takes, the secret store's own time-outs included. */
const leaseSeconds = 60;

/** When the secret store is away, nothing was tried: this is no attempt. */
const secretPauseMs = 30_000;

interface SenderNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly messenger: Messenger;
  readonly metrics: NotificationMetrics;
  /** There is room again. */
  readonly onEnd: () => void;
}

/** Brings due deliveries to their receivers. What is under way goes on between two turns. */
export interface Sender {
  /** Claims what is due and has room, and sets it off without waiting. @returns how many */
  fill(): Promise<number>;
  isIdle(): boolean;
  /** Waits until one of those under way has ended; not at all when there is none. */
  waitForOne(): Promise<void>;
  /** Waits until nothing is under way: ten seconds and some, for each has a time-out. */
  settle(): Promise<void>;
}

export function createSender(needs: SenderNeeds): Sender {
  const { db, clock, log, onEnd } = needs;
  const underWay = lanes.map((lane) => ({ lane, deliveries: new Map<Promise<void>, string>() }));
  const listUnderWay = () => underWay.flatMap(({ deliveries }) => [...deliveries.keys()]);

  async function fill(): Promise<number> {
    let started = 0;
    for (const { lane, deliveries } of underWay) {
      const limit = lane.maxOfAll - deliveries.size;
      if (limit <= 0) continue;
      const { state, maxOfEach } = lane;
      const busy = countByWebhook(underWay.flatMap((other) => [...other.deliveries.values()]));
      const claims = await claimDeliveries(db, { now: clock.now(), state, maxOfEach, limit, busy, leaseSeconds });
      for (const claim of claims) start(deliveries, claim);
      started += claims.length;
    }
    return started;
  }

  function start(deliveries: Map<Promise<void>, string>, claim: ClaimedDelivery): void {
    const ended = deliver(needs, claim)
      .catch((error: unknown) => {
        // The database is away. The lease runs out by itself, and the delivery is sent again.
        log.error({ delivery_id: claim.id, err: error }, "what came of a delivery could not be recorded");
      })
      .finally(() => {
        deliveries.delete(ended);
        onEnd();
      });
    deliveries.set(ended, claim.webhook_id);
  }

  return {
    fill,
    isIdle: () => listUnderWay().length === 0,
    async waitForOne() {
      const ends = listUnderWay();
      if (ends.length > 0) await Promise.race(ends);
    },
    async settle() {
      await Promise.all(listUnderWay());
    },
  };
}

function countByWebhook(webhookIds: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const id of webhookIds) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** One attempt, and what is written down of it. */
async function deliver(needs: SenderNeeds, claim: ClaimedDelivery): Promise<void> {
  const outcome = await trySend(needs, claim);
  if (outcome === null) return;
  const end = await recordEnd(needs, claim, outcome);
  needs.metrics.attempts.inc({ outcome: end });
  logEnd(needs.log, claim, outcome, end);
}

/** Null when the secret store could not be asked: not tried, and given back. */
async function trySend(
  { db, clock, log, messenger }: SenderNeeds,
  claim: ClaimedDelivery,
): Promise<PostOutcome | null> {
  try {
    return await messenger.send(claim);
  } catch (error) {
    log.warn(
      { delivery_id: claim.id, webhook_id: claim.webhook_id, err: error },
      "the signing secret cannot be had now",
    );
    await releaseDelivery(db, claim, new Date(clock.now().getTime() + secretPauseMs));
    return null;
  }
}

/** Of the address its origin alone: the rest may be what keeps others from sending to it. */
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
    duration_ms: outcome.durationMs,
  };
  if (end === "delivered" || end === "failed") log.debug(line, `delivery ${end}`);
  else log.warn(outcome.cause === undefined ? line : { ...line, err: outcome.cause }, `delivery ${end}`);
}
