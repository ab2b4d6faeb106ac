import { Counter, Gauge, type Registry } from "prom-client";

export interface NotificationMetrics {
  readonly attempts: Counter<"outcome">;
  readonly backlogAge: Gauge<"stage">;
}

export function createNotificationMetrics(registry: Registry): NotificationMetrics {
  return {
    attempts: new Counter<"outcome">({
      name: "eom_webhook_attempts_total",
      help: "Attempts to deliver to webhooks, by outcome: delivered, failed (to be tried again), dead, gone, lost",
      labelNames: ["outcome" satisfies string],
      registers: [registry],
    }),
    backlogAge: new Gauge<"stage">({
      name: "eom_notification_backlog_seconds",
      help: "Age of the oldest event without deliveries (dispatch), and how overdue the most overdue delivery is (send)",
      labelNames: ["stage" satisfies string],
      registers: [registry],
    }),
  };
}
