import type { FissionFunction } from "./context.ts";
import { createHttpFunction } from "./http-function.ts";
import { createPod } from "./pod.ts";
import { createWorkerFunction } from "./worker-function.ts";

const pod = createPod(process.env);

/** All functions, by their names in deploy/fission without `eom-`. Loading this file reads no configuration yet: the first call does. */
export const functions = {
  storage: createHttpFunction("storage", pod),
  quota: createHttpFunction("quota", pod),
  scheduler: createHttpFunction("scheduler", pod),
  admin: createHttpFunction("admin", pod),
  "worker-scheduler-scan": createWorkerFunction("worker-scheduler-scan", pod),
  "worker-session-picker": createWorkerFunction("worker-session-picker", pod),
  "worker-session-poller": createWorkerFunction("worker-session-poller", pod),
  "worker-schedule-auto-disable": createWorkerFunction("worker-schedule-auto-disable", pod),
  "worker-sweep": createWorkerFunction("worker-sweep", pod),
} as const satisfies Record<string, FissionFunction>;
