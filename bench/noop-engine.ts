import type { Engine, LaunchRequest } from "../src/engines/engine.ts";

interface NoopEngineNeeds {
  /** Runs at once; as in the embedded engine, those count too whose end is not recorded yet. */
  readonly maxRuns: number;
  /** Called once for each run, when its status is first reported. */
  readonly onHandled: (runs: number) => void;
  /** Wakes whoever records ends, as the embedded engine does. */
  readonly onRunEnded: () => void;
}

interface NoopRun {
  readonly request: LaunchRequest;
  readonly endedAt: Date;
  isReported: boolean;
}

/** Runs in this process that have succeeded when they are launched. */
export function createNoopEngine({ maxRuns, onHandled, onRunEnded }: NoopEngineNeeds): Engine {
  const runs = new Map<string, NoopRun>();
  return {
    name: "noop",
    durable: false,
    launchesPerSecond: null,
    maxRuns: null,
    maxRunsHere: null,
    pollSeconds: 1,
    room: () => Math.max(0, maxRuns - runs.size),
    async launch(request) {
      const runId = `${request.sessionId}/${request.attempt}`;
      runs.set(runId, { request, endedAt: new Date(), isReported: false });
      onRunEnded();
      return { outcome: "launched", runId };
    },
    async listRuns(attempts) {
      return attempts.map(({ sessionId, attempt }) => {
        const runId = `${sessionId}/${attempt}`;
        return runs.has(runId) ? [{ runId, isSubmitted: true }] : [];
      });
    },
    async status(runIds) {
      const reported = runIds.flatMap((runId) => {
        const run = runs.get(runId);
        return run === undefined ? [] : [{ runId, run }];
      });
      onHandled(reported.filter(({ run }) => !run.isReported).length);
      for (const { run } of reported) run.isReported = true;
      return new Map(
        reported.map(({ runId, run: { endedAt } }) => [
          runId,
          { state: "succeeded", startedAt: endedAt, endedAt, error: null, result: null, output: null } as const,
        ]),
      );
    },
    cancel: async () => {},
    forget(runId) {
      runs.delete(runId);
    },
    check: async () => ({ state: "ok", detail: `${runs.size} runs` }),
    jobs: async () => [],
    locations: async () => [],
    checkJob: async () => ({ verdict: "accepted" }),
    toRunUrl: () => null,
    held: () => [...runs].map(([runId, { request }]) => ({ runId, sessionId: request.sessionId, isOver: true })),
    waitUntilIdle: async () => {},
    close: async () => {},
  };
}
