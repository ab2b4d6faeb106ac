import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { EndState } from "../sessions/states.ts";

/** Metrics of the steps; each `help` says what is counted. */
export interface SchedulerMetrics {
  readonly sessionsEnded: Counter<"state">;
  readonly scanLag: Gauge;
  readonly watermarksMended: Counter;
  readonly leasesLost: Counter;
  readonly launches: Counter<"engine" | "outcome">;
  readonly runsAdopted: Counter<"engine">;
  readonly searchesGivenUp: Counter<"engine">;
  readonly duplicateRuns: Counter<"engine">;
  readonly engineCalls: Counter<"engine" | "operation" | "result">;
  readonly engineCallSeconds: Histogram<"engine" | "operation">;
  readonly breakersOpen: Gauge<"engine">;
}

/** Registers the metrics; once for a registry. */
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
      help: "Seconds that the most overdue schedule was late at the last scan of this process",
      registers: [registry],
    }),
    watermarksMended: new Counter({
      name: "eom_watermarks_mended_total",
      help: "Schedules whose next_due_at was not the next instant of their trigger, after a wrong clock or other rules of a time zone",
      registers: [registry],
    }),
    leasesLost: new Counter({
      name: "eom_session_leases_lost_total",
      help: "Sessions that another process had taken over before this process could write to them",
      registers: [registry],
    }),
    launches: new Counter<"engine" | "outcome">({
      name: "eom_launches_total",
      help: "Launches by outcome; unclear: whether a run exists had to be searched",
      labelNames: ["engine", "outcome"],
      registers: [registry],
    }),
    runsAdopted: new Counter<"engine">({
      name: "eom_runs_adopted_total",
      help: "Runs that their session adopted after a launch without a clear answer",
      labelNames: ["engine"],
      registers: [registry],
    }),
    searchesGivenUp: new Counter<"engine">({
      name: "eom_run_searches_given_up_total",
      help: "Launches without a clear answer whose run was searched and not found",
      labelNames: ["engine"],
      registers: [registry],
    }),
    duplicateRuns: new Counter<"engine">({
      name: "eom_duplicate_runs_total",
      help: "Runs that were ended because their session had another one",
      labelNames: ["engine"],
      registers: [registry],
    }),
    engineCalls: new Counter<"engine" | "operation" | "result">({
      name: "eom_engine_calls_total",
      help: "Requests to engines elsewhere, by how they ended",
      labelNames: ["engine", "operation", "result"],
      registers: [registry],
    }),
    engineCallSeconds: new Histogram<"engine" | "operation">({
      name: "eom_engine_call_seconds",
      help: "How long engines elsewhere took to answer, or not to",
      labelNames: ["engine", "operation"],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20],
      registers: [registry],
    }),
    breakersOpen: new Gauge<"engine">({
      name: "eom_engine_breaker_open",
      help: "1 while this process sends no requests to an engine whose connection has failed repeatedly",
      labelNames: ["engine"],
      registers: [registry],
    }),
  };
}

/** Counts the sessions that this process ended, by state. */
export function countEnds(metrics: SchedulerMetrics, ended: readonly { readonly state: EndState }[]): void {
  for (const { state } of ended) metrics.sessionsEnded.inc({ state });
}

/** Counts `sessions` sessions that ended in one state. */
export function countEnd(metrics: SchedulerMetrics, state: EndState, sessions = 1): void {
  if (sessions > 0) metrics.sessionsEnded.inc({ state }, sessions);
}
