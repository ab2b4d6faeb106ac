import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Logger } from "../platform/log.ts";
import { createLoop, type Loop } from "../platform/worker/loop.ts";
import type { WorkerMetrics } from "../platform/worker/metrics.ts";
import type { WakeUp } from "../platform/worker/wake-up.ts";
import { measureBacklog } from "./deliveries/backlog.ts";
import { type DispatchSummary, dispatch } from "./deliveries/dispatch.ts";
import type { Messenger } from "./deliveries/messenger.ts";
import { createSender } from "./deliveries/send.ts";
import type { NotificationMetrics } from "./metrics.ts";

const everySeconds = 1;
const maxTurnSeconds = 20;

interface WorkersNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly messenger: Messenger;
  readonly metrics: NotificationMetrics;
  readonly workerMetrics: WorkerMetrics;
  readonly wakeUp: WakeUp;
}

/** The worker `notify`. */
export interface NotificationWorkers {
  start(): void;
  /** Waits for the attempts under way, each of which has a time-out. Safe to call twice. */
  stop(): Promise<void>;
  /** One turn without loops: dispatches and sends until nothing is due and every attempt has ended. */
  turn(signal: AbortSignal): Promise<NotifySummary>;
}

/** The result of one turn; `sent` counts attempts, failed ones too. */
export type NotifySummary = DispatchSummary & { readonly sent: number };

/**
 * Creates the worker `notify`: two loops, so that a receiver that hangs delays neither the next dispatch nor the deliveries of
 * other receivers. A turn of the sending loop starts deliveries and does not wait for them. A delivery that ends wakes the loop,
 * because there is room for another.
 */
export function createNotificationWorkers(needs: WorkersNeeds): NotificationWorkers {
  const { db, clock, metrics } = needs;
  const wakeSending = () => sending.wake();
  const sender = createSender({ ...needs, onEnd: wakeSending });

  async function dispatchTurn(signal: AbortSignal): Promise<void> {
    const { deliveries } = await dispatch(needs, signal);
    if (deliveries > 0) wakeSending();
    await measureBacklog(db, clock.now(), metrics);
  }

  async function sendTurn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await sender.fill()) > 0);
  }

  const dispatching = createTurnLoop(needs, "notify", dispatchTurn);
  const sending: Loop = createTurnLoop(needs, "notify-send", sendTurn);
  needs.wakeUp.listen(() => {
    dispatching.wake();
    sending.wake();
  });

  return {
    start() {
      dispatching.start();
      sending.start();
    },
    async stop() {
      await Promise.all([dispatching.stop(), sending.stop()]);
      await sender.waitForAll();
    },
    async turn(signal) {
      const summary = await dispatch(needs, signal);
      let sent = 0;
      while (!signal.aborted) {
        // Read before the claim: an attempt that ends during a claim has made room too late for it.
        const wasIdle = sender.isIdle();
        const started = await sender.fill();
        sent += started;
        if (started > 0) continue;
        if (wasIdle) break;
        await sender.waitForNext();
      }
      await sender.waitForAll();
      await measureBacklog(db, clock.now(), metrics);
      return { ...summary, sent };
    },
  };
}

function createTurnLoop(
  { log, workerMetrics }: WorkersNeeds,
  name: string,
  turn: (signal: AbortSignal) => Promise<void>,
): Loop {
  return createLoop({ name, everySeconds, maxTurnSeconds, turn, log, metrics: workerMetrics });
}
