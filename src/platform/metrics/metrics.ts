import { Counter, collectDefaultMetrics, Histogram, Registry } from "prom-client";
import { countDroppedLines } from "../standard-output.ts";
import { createWorkerMetrics, type WorkerMetrics } from "../worker/metrics.ts";

/** The metrics of the platform. Rooms register theirs in the same registry, which `/metrics` shows. */
export interface Metrics {
  readonly registry: Registry;
  readonly requestDuration: Histogram<"method" | "route" | "status">;
  readonly failures: Counter<"error_code">;
  readonly workers: WorkerMetrics;
}

/** Labels have few values: a route is named by its pattern, never by the path of a request. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerDroppedLines(registry);
  return {
    registry,
    workers: createWorkerMetrics(registry),
    requestDuration: new Histogram({
      name: "eom_http_request_duration_seconds",
      help: "How long requests took, by route",
      labelNames: ["method", "route", "status"],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    }),
    failures: new Counter({
      name: "eom_http_failures_total",
      help: "Failing answers, by error code",
      labelNames: ["error_code"],
      registers: [registry],
    }),
  };
}

function registerDroppedLines(registry: Registry): void {
  new Counter({
    name: "eom_log_lines_dropped_total",
    help: "Lines of the log that were dropped, because nobody read standard output",
    registers: [registry],
    collect() {
      this.reset();
      this.inc(countDroppedLines());
    },
  });
}
