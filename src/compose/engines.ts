import { createDagsterEngine } from "../engines/dagster/engine.ts";
import type { Engine } from "../engines/engine.ts";
import type { BuiltInJob } from "../engines/local/built-in.ts";
import { readJobsFile } from "../engines/local/jobs-file.ts";
import type { ProcessUser } from "../engines/local/process-group.ts";
import type { Config } from "../platform/config/config.ts";
import type { DagsterConnection } from "../platform/config/dagster-connections.ts";
import type { Logger } from "../platform/log.ts";
import type { SchedulerMetrics } from "../scheduler/metrics.ts";

/** Limits of the local engine, for one machine; larger work belongs on Dagster. `path` is the PATH of declared jobs. */
export const localLimits = {
  path: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  maxRuns: 32,
  launchesPerSecond: 30,
  graceSeconds: 10,
};

/** Connections by name; the connection of EOM_DAGSTER_URL is named `dagster`. */
export function listDagsters(config: Config): ReadonlyMap<string, DagsterConnection> {
  const { EOM_DAGSTER_URL: url, EOM_DAGSTER_HEADERS: headers } = config;
  const { EOM_DAGSTER_RATE: rate, EOM_DAGSTER_MAX_RUNS: maxRuns } = config;
  const first = url === null ? {} : { dagster: { url, headers, rate, maxRuns } };
  return new Map(Object.entries({ ...first, ...config.EOM_DAGSTER_CONNECTIONS }));
}

/** An engine for each connection, with its breaker and calls in the metrics. */
export function createDagsterEngines(config: Config, log: Logger, metrics: SchedulerMetrics): Engine[] {
  return [...listDagsters(config)].map(([name, { url, headers, rate, maxRuns }]) => {
    const onBreaker = (isOpen: boolean) => metrics.breakersOpen.set({ engine: name }, isOpen ? 1 : 0);
    onBreaker(false);
    return createDagsterEngine({
      name,
      url,
      headers,
      launchesPerSecond: rate,
      maxRuns,
      log,
      onBreaker,
      onCall(operation, result, seconds) {
        metrics.engineCalls.inc({ engine: name, operation, result });
        metrics.engineCallSeconds.observe({ engine: name, operation }, seconds);
      },
    });
  });
}

/**
 * The user of declared jobs; null for EOM's own.
 *
 * @throws Error with a sentence if EOM may not start processes as another user
 */
export function toJobsUser({ EOM_JOBS_USER: user }: Config): ProcessUser | null {
  if (user !== null && process.getuid?.() !== 0) {
    throw new Error("EOM_JOBS_USER is set, and EOM does not run as root: only root may start jobs as another user");
  }
  return user;
}

/**
 * The jobs of the local engine: built in, and declared in EOM_JOBS_FILE.
 *
 * @throws Error with a sentence if the file cannot be used
 */
export function readLocalJobs(config: Config, inventory: BuiltInJob) {
  const builtIns = [
    { name: "inventory", kinds: [5], description: "Counts the objects of a storage and their bytes", run: inventory },
  ];
  const taken = builtIns.map(({ name }) => name);
  return { builtIns, jobs: config.EOM_JOBS_FILE === null ? [] : readJobsFile(config.EOM_JOBS_FILE, taken) };
}
