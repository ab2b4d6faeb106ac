import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** The metrics of metering; see {@link createMeteringMetrics}. */
export type MeteringMetrics = ReturnType<typeof createMeteringMetrics>;

/** Registers the metrics of metering, of this process. */
export function createMeteringMetrics(registry: Registry) {
  return {
    decisions: new Counter({
      name: "eom_metering_decisions_total",
      help: "Requests to consume, adjust and reserve that were decided, without replays",
      labelNames: ["kind", "outcome"] as const,
      registers: [registry],
    }),
    batchSize: new Histogram({
      name: "eom_metering_batch_size",
      help: "Requests in one statement of admission",
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
      registers: [registry],
    }),
    waiting: new Gauge({
      name: "eom_metering_waiting",
      help: "Requests that wait for the statement in flight before them",
      registers: [registry],
    }),
    drift: new Gauge({
      name: "eom_quota_drift",
      help: "Users' quotas whose level was not the sum of the ledger, in the last complete round of the sweep",
      registers: [registry],
    }),
  };
}
