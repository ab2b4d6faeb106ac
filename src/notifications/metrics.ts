import { Counter, Gauge, type Registry } from "prom-client";

/** The metrics of the room. `outcome` is an AttemptEnd; `stage` is `dispatch` or `send`. */
export interface NotificationMetrics {
  readonly attempts: Counter<"outcome">;
  /** In seconds; 0 when nothing waits. */
  readonly backlogAge: Gauge<"stage">;
}

/** Registers the metrics; a registry can have them once. */
export function createNotificationMetrics(registry: Registry): NotificationMetrics {
  return {
    attempts: new Counter<"outcome">({
      name: "eom_webhook_attempts_total",
      help: "Attempts to deliver to webhooks, by outcome: delivered, failed (will be retried), dead, gone, lost",
      labelNames: ["outcome" satisfies string],
      registers: [registry],
    }),
    backlogAge: new Gauge<"stage">({
      name: "eom_notification_backlog_seconds",
      help: "Age of the oldest event without deliveries (dispatch), and time since the most overdue delivery was due (send)",
      labelNames: ["stage" satisfies string],
      registers: [registry],
    }),
  };
}
