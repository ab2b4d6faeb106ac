import type { Registry } from "prom-client";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import { createGuardedAgents } from "../platform/egress/agents.ts";
import { systemLookup } from "../platform/egress/guard.ts";
import type { EgressPolicy } from "../platform/egress/policy.ts";
import type { Route } from "../platform/http/route.ts";
import type { Logger } from "../platform/log.ts";
import type { WorkerMetrics } from "../platform/worker/metrics.ts";
import { createWakeUp } from "../platform/worker/wake-up.ts";
import { createMessenger } from "./deliveries/messenger.ts";
import { createDeliveryRoutes } from "./deliveries/routes.ts";
import { createDeliveryService } from "./deliveries/service.ts";
import { createNotificationMetrics } from "./metrics.ts";
import { createWebhookRoutes } from "./routes.ts";
import { createWebhookService } from "./service.ts";
import type { WebhookSecrets } from "./signing-secrets.ts";
import { createNotificationWorkers, type NotificationWorkers } from "./workers.ts";

/** For one attempt, from the resolution of the name to the last byte of the answer. Published in the guide. */
const attemptMilliseconds = 10_000;

interface NotificationNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly policy: EgressPolicy;
  readonly secrets: WebhookSecrets;
  /** The `source` of every message. */
  readonly deploymentId: string;
  readonly version: string;
  readonly registry: Registry;
  readonly workerMetrics: WorkerMetrics;
}

/** The room as the program uses it. */
export interface Notifications {
  readonly routes: Route[];
  readonly workers: NotificationWorkers;
  /** Closes the sockets to receivers. Stop the workers first. */
  close(): void;
}

/** Builds the room. Its workers and its test route share one messenger, and a redrive wakes the workers. */
export function createNotifications(needs: NotificationNeeds): Notifications {
  const { policy, registry, ...parts } = needs;
  const agents = createGuardedAgents(policy, { lookup: systemLookup });
  const messenger = createMessenger({ ...needs, agents, timeoutMilliseconds: attemptMilliseconds });
  const wakeUp = createWakeUp();
  const workers = createNotificationWorkers({
    ...parts,
    messenger,
    wakeUp,
    metrics: createNotificationMetrics(registry),
  });
  const deliveries = createDeliveryService({ ...parts, messenger, onWork: wakeUp.wake });
  const routes = [...createWebhookRoutes(createWebhookService(needs)), ...createDeliveryRoutes(deliveries)];
  return { routes, workers, close: () => agents.destroy() };
}
