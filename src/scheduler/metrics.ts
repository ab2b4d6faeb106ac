import { Counter, Gauge, type Registry } from "prom-client";
import type { EndState } from "./states.ts";

export interface SchedulerMetrics {
  readonly sessionsEnded: Counter<"state">;
  readonly scanLag: Gauge;
  readonly leasesLost: Counter;
}

export function createSchedulerMetrics(registry: Registry): SchedulerMetrics {
  return {
    sessionsEnded: new Counter<"state">({
      name: "eom_sessions_ended_total",
      help: "Sessions that the workers of this process brought to their end, by the state they ended in",
      labelNames: ["state" satisfies string],
      registers: [registry],
    }),
    scanLag: new Gauge({
      name: "eom_scan_lag_seconds",
      help: "How overdue the most overdue schedule was when this process last looked",
      registers: [registry],
    }),
    leasesLost: new Counter({
      name: "eom_session_leases_lost_total",
      help: "Sessions that another process had taken over when this one came to write",
      registers: [registry],
    }),
  };
}

export function countEnds(metrics: SchedulerMetrics, ended: readonly { readonly state: EndState }[]): void {
  for (const { state } of ended) metrics.sessionsEnded.inc({ state });
}

export function countEnd(metrics: SchedulerMetrics, state: EndState, sessions = 1): void {
  if (sessions > 0) metrics.sessionsEnded.inc({ state }, sessions);
}
