import type { Engine, LaunchRequest, RunStatus } from "../../src/engines/engine.ts";
import { systemClock } from "../../src/platform/clock.ts";

interface RemoteRun {
  readonly sessionId: string;
  readonly attempt: number;
  readonly job: string;
  status: RunStatus;
}

/**
 * An engine whose runs outlive the processes that launch them, as Dagster's do. Runs change when the test calls `set` or
 * `work`. After `answerUnclearly`, the next launch has no clear answer.
 */
export function createRemoteEngine(name = "remote") {
  const runs = new Map<string, RemoteRun>();
  const canceled: string[] = [];
  const forced: string[] = [];
  const requests: LaunchRequest[] = [];
  let unclear: "with a run" | "without a run" | null = null;
  let fault: string | null = null;
  const engine: Engine = {
    name,
    durable: true,
    launchesPerSecond: null,
    maxRuns: null,
    maxRunsHere: null,
    pollSeconds: 1,
    room: () => 100,
    async launch(request) {
      const {
        sessionId,
        attempt,
        job: { name: job },
      } = request;
      requests.push(request);
      if (!jobNames.includes(job)) return { outcome: "refused", error: toError("JOB_UNKNOWN", `No job '${job}'`) };
      const runId = `run-${runs.size + 1}`;
      const answer = unclear;
      unclear = null;
      if (answer !== "without a run") runs.set(runId, { sessionId, attempt, job, status: { state: "queued" } });
      return answer === null ? { outcome: "launched", runId } : { outcome: "unclear", message: "timed out" };
    },
    async listRuns(attempts) {
      return attempts.map(({ sessionId, attempt }) =>
        [...runs].flatMap(([runId, run]) =>
          run.sessionId === sessionId && run.attempt === attempt ? [{ runId, isSubmitted: true }] : [],
        ),
      );
    },
    async status(runIds) {
      return new Map(
        runIds.flatMap((id) => {
          const run = runs.get(id);
          return run === undefined ? [] : [[id, run.status] as const];
        }),
      );
    },
    async cancel(runIds, options) {
      (options?.force === true ? forced : canceled).push(...runIds);
    },
    forget() {},
    check: async () =>
      fault === null ? { state: "ok", detail: "a test's own" } : { state: "failing", detail: `It is down: ${fault}` },
    jobs: async () =>
      jobNames.map((name) => ({ location: null, repository: null, name, kinds: [1, 5], description: null })),
    locations: async () => [],
    checkJob: async ({ job: { name } }) =>
      jobNames.includes(name)
        ? { verdict: "accepted" }
        : {
            verdict: "refused",
            issues: [{ path: ["job", "name"], message: `names no job: '${name}'`, code: "unknown_job" }],
          },
    toRunUrl: (runId) => `https://engine.example/runs/${runId}`,
    held: () => [],
    waitUntilIdle: async () => {},
    close: async () => {},
  };
  return {
    engine,
    runs,
    canceled,
    forced,
    /** Every launch request, oldest first. */
    requests,
    answerUnclearly(how: "with a run" | "without a run") {
      unclear = how;
    },
    breakDown(why: string) {
      fault = why;
    },
    set(runId: string, status: RunStatus) {
      const run = runs.get(runId);
      if (run === undefined) throw new Error(`no run ${runId}`);
      run.status = status;
    },
    /** Advances the runs: `ok` and `fail` end, `hang` ends once it is canceled. */
    work() {
      for (const [runId, run] of runs) {
        if (!("endedAt" in run.status)) run.status = toNextStatus(run, canceled.includes(runId));
      }
    },
  };
}

const jobNames = ["ok", "fail", "hang"];

function toNextStatus({ job, status }: RemoteRun, isCanceled: boolean): RunStatus {
  const now = systemClock.now();
  if (job === "hang" && !isCanceled) {
    return status.state === "running" ? status : { state: "running", startedAt: now, output: null };
  }
  const facts = { startedAt: now, endedAt: now, output: null };
  if (job === "ok") return { state: "succeeded", ...facts, error: null, result: null };
  if (isCanceled) return { state: "canceled", ...facts, error: null, result: null };
  return { state: "failed", ...facts, error: toError("STEP_FAILED", "No such thing", "load"), result: null };
}

function toError(code: string, message: string, step: string | null = null) {
  return { code, message, step };
}
