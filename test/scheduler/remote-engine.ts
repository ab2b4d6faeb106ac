import type { Engine, RunStatus } from "../../src/scheduler/engines/engine.ts";

/**
 * An engine whose runs outlive the processes that launch them, as Dagster's do, and which can be told to answer a launch
 * unclearly. Its runs change by hand.
 */
export function createRemoteEngine() {
  const runs = new Map<string, { sessionId: string; attempt: number; status: RunStatus }>();
  const canceled: string[] = [];
  let unclear: "with a run" | "without a run" | null = null;
  const engine: Engine = {
    name: "remote",
    durable: true,
    room: () => 100,
    async launch({ sessionId, attempt }) {
      const runId = `run-${runs.size + 1}`;
      const answer = unclear;
      unclear = null;
      if (answer !== "without a run") runs.set(runId, { sessionId, attempt, status: { state: "queued" } });
      return answer === null ? { outcome: "launched", runId } : { outcome: "unclear", message: "timed out" };
    },
    async findBySession(sessionId, attempt) {
      const found = [...runs].find(([, run]) => run.sessionId === sessionId && run.attempt === attempt);
      return found?.[0] ?? null;
    },
    async status(runIds) {
      return new Map(
        runIds.flatMap((id) => {
          const run = runs.get(id);
          return run === undefined ? [] : [[id, run.status] as const];
        }),
      );
    },
    async cancel(runId) {
      canceled.push(runId);
    },
    forget() {},
    check: async () => ({ state: "ok", detail: "a test's own" }),
    jobs: async () => [{ location: null, repository: null, name: "ok", kinds: [1, 5], description: null }],
    held: () => [],
    settle: async () => {},
    close: async () => {},
  };
  return {
    engine,
    runs,
    canceled,
    answerUnclearly(how: "with a run" | "without a run") {
      unclear = how;
    },
    set(runId: string, status: RunStatus) {
      const run = runs.get(runId);
      if (run === undefined) throw new Error(`no run ${runId}`);
      run.status = status;
    },
  };
}
