import type { Registry } from "prom-client";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
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
import type { WebhookSecrets } from "./secrets.ts";
import { createWebhookService } from "./service.ts";
import { createNotificationWorkers, type NotificationWorkers } from "./workers.ts";

interface NotificationNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly policy: EgressPolicy;
  readonly secrets: WebhookSecrets;
  /** Stands as the source in every message. */
  readonly deploymentId: string;
  readonly version: string;
  readonly registry: Registry;
  readonly workerMetrics: WorkerMetrics;
}

export interface Notifications {
  readonly routes: Route[];
  readonly workers: NotificationWorkers;
  /** Closes the sockets to receivers; the workers are to be stopped before. */
  close(): void;
}

/** The room as one: its parts share a messenger, and redriving wakes the workers. */
export function createNotifications(needs: NotificationNeeds): Notifications {
  const { registry, ...parts } = needs;
  const messenger = createMessenger(needs);
  const wakeUp = createWakeUp();
  const workers = createNotificationWorkers({
    ...parts,
    messenger,
    wakeUp,
    metrics: createNotificationMetrics(registry),
  });
  const deliveries = createDeliveryService({ ...parts, messenger, onWork: wakeUp.wake });
  const routes = [...createWebhookRoutes(createWebhookService(needs)), ...createDeliveryRoutes(deliveries)];
  return { routes, workers, close: messenger.close };
}
