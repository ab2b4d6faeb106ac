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

export interface NotificationWorkers {
  start(): void;
  /** Waits for what is under way, which takes no longer than an attempt may. Safe to call twice. */
  stop(): Promise<void>;
  /** One turn, without loops: until nothing is due, and what was set off has ended. */
  turn(signal: AbortSignal): Promise<NotifySummary>;
}

export type NotifySummary = DispatchSummary & { readonly sent: number };

/**
 * `notify`, in two loops: a receiver that hangs holds up neither the next event nor what is due for others. The turn of the
 * second only sets deliveries off; each that ends has it look again.
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
      await sender.settle();
    },
    async turn(signal) {
      const summary = await dispatch(needs, signal);
      let sent = 0;
      while (!signal.aborted) {
        // Asked before: what was under way may end while the claim finds no room because of it.
        const wasIdle = sender.isIdle();
        const started = await sender.fill();
        sent += started;
        if (started > 0) continue;
        if (wasIdle) break;
        await sender.waitForOne();
      }
      await sender.settle();
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
