import type { Engine, LaunchOutcome, RunStatus } from "../../src/engines/engine.ts";
import type { Clock } from "../../src/platform/clock.ts";
import { createId } from "../../src/platform/id.ts";

/**
 * Jobs of a simulation. `slow` runs until it is canceled or the simulation ends; `flaky` fails at its first attempt. On a
 * durable engine the launches of two jobs have no clear answer: `unclear` makes a run, `absent` makes none at the first time.
 */
export const simulatedJobs = ["ok", "fail", "flaky", "slow", "unclear", "absent"] as const;

interface SimulatedRun {
  readonly sessionId: string;
  readonly attempt: number;
  readonly job: string;
  isCanceled: boolean;
  status: RunStatus;
}

/** Launches by session and attempt (`<session> <attempt>`), over all engines of a simulation. */
export type Launches = Map<string, number>;

/**
 * Creates an engine whose runs advance when the test calls `work`.
 *
 * @param durable whether runs outlive the process that launched them
 */
export function createSimulatedEngine(durable: boolean, clock: Clock, launches: Launches) {
  const runs = new Map<string, SimulatedRun>();

  async function launch({
    sessionId,
    attempt,
    job: { name },
  }: Parameters<Engine["launch"]>[0]): Promise<LaunchOutcome> {
    if (durable && name === "absent" && !launches.has(`absent ${sessionId}`)) {
      launches.set(`absent ${sessionId}`, 0);
      return { outcome: "unclear", message: "timed out" };
    }
    const runId = createId();
    const key = `${sessionId} ${attempt}`;
    launches.set(key, (launches.get(key) ?? 0) + 1);
    runs.set(runId, { sessionId, attempt, job: name, isCanceled: false, status: { state: "queued" } });
    return durable && name === "unclear" ? { outcome: "unclear", message: "reset" } : { outcome: "launched", runId };
  }

  const engine: Engine = {
    name: durable ? "remote" : "local",
    durable,
    launchesPerSecond: null,
    maxRuns: null,
    maxRunsHere: null,
    pollSeconds: 1,
    room: () => 6,
    launch,
    async listRuns(attempts) {
      return attempts.map(({ sessionId, attempt }) =>
        [...runs].flatMap(([runId, run]) =>
          run.sessionId === sessionId && run.attempt === attempt ? [{ runId, isSubmitted: true }] : [],
        ),
      );
    },
    status: async (runIds) =>
      new Map(
        runIds.flatMap((id) => {
          const run = runs.get(id);
          return run === undefined ? [] : [[id, run.status] as const];
        }),
      ),
    async cancel(runIds) {
      for (const [runId, run] of runs) if (runIds.includes(runId)) run.isCanceled = true;
    },
    forget(runId) {
      const run = runs.get(runId);
      if (!durable && run !== undefined && "endedAt" in run.status) runs.delete(runId);
    },
    check: async () => ({ state: "ok", detail: "simulated" }),
    jobs: async () =>
      simulatedJobs.map((name) => ({ location: null, repository: null, name, kinds: [1], description: null })),
    locations: async () => [],
    checkJob: async () => ({ verdict: "accepted" }),
    toRunUrl: () => null,
    held: () =>
      durable
        ? []
        : [...runs].map(([runId, { sessionId, status }]) => ({ runId, sessionId, isOver: "endedAt" in status })),
    waitUntilIdle: async () => {},
    close: async () => {},
  };

  return {
    engine,
    /** Advances every run by one step. With `isEnding`, slow runs end too. */
    work(isEnding: boolean) {
      for (const run of runs.values()) run.status = toNextStatus(run, clock.now(), isEnding);
    },
  };
}

function toNextStatus({ job, attempt, isCanceled, status }: SimulatedRun, now: Date, isEnding: boolean): RunStatus {
  if ("endedAt" in status) return status;
  if (status.state === "queued" && !isCanceled && !isEnding) return { state: "running", startedAt: now, output: null };
  const facts = { startedAt: now, endedAt: now, result: null, output: null };
  if (isCanceled) return { state: "canceled", ...facts, error: null };
  if (job === "slow" && !isEnding) return status;
  if (job === "fail" || (job === "flaky" && attempt === 1))
    return { state: "failed", ...facts, error: { code: "JOB_FAILED", message: "No such thing", step: null } };
  return { state: "succeeded", ...facts, error: null };
}
