import { Counter, Histogram, type Registry } from "prom-client";

/** Metrics of background loops. */
export interface WorkerMetrics {
  readonly turns: Counter<"worker" | "outcome">;
  readonly turnDuration: Histogram<"worker">;
}

/** The label `worker` is the loop's name, of which there are few. */
export function createWorkerMetrics(registry: Registry): WorkerMetrics {
  return {
    turns: new Counter({
      name: "eom_worker_turns_total",
      help: "Turns of the background loops, by how they ended",
      labelNames: ["worker", "outcome"],
      registers: [registry],
    }),
    turnDuration: new Histogram({
      name: "eom_worker_turn_duration_seconds",
      help: "How long the turns of the background loops took",
      labelNames: ["worker"],
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30],
      registers: [registry],
    }),
  };
}
