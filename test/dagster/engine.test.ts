import { afterAll, beforeAll, expect } from "vitest";
import { describeEngine, type EngineUnderTest } from "../engines/suite.ts";
import { type RealDagster, startDagster } from "../support/dagster/dagster.ts";
import { startHttpProxy } from "../support/http/http-proxy.ts";
import { engineOf } from "./engine-of.ts";

let dagster: RealDagster;
beforeAll(async () => {
  dagster = await startDagster();
});
afterAll(() => dagster.stop());

describeEngine("dagster, the real one", createEngine);

async function createEngine(): Promise<EngineUnderTest> {
  const proxy = await startHttpProxy(dagster.url);
  const engine = engineOf(proxy.url);
  return {
    engine,
    job: { location: "jobs", repository: null },
    kinds: [1],
    reports: {
      ok: { result: null, output: null },
      fail: {
        error: { code: "RUN_FAILED", message: expect.stringContaining("No such scene"), step: "load" },
        output: null,
      },
      hang: { output: null },
    },
    work() {},
    answerUnclearly: (how) => proxy.loseAnswer("launchRun", how === "with a run" ? "after" : "before"),
    async breakDown() {
      await Promise.all([dagster.webserver.kill(), proxy.stop()]);
      return /cannot be reached/;
    },
    async close() {
      await Promise.all([engine.close(), proxy.stop()]);
      await dagster.webserver.start();
      await endRuns();
    },
  };
}

/** Ends all runs: hanging ones would fill Dagster's run queue, which has ten places. */
async function endRuns(): Promise<void> {
  const statuses = ["QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING"];
  const { body } = await dagster.ask(
    "query ($filter: RunsFilter!) { runIdsOrError(filter: $filter) { ... on RunIds { results } } }",
    { filter: { statuses } },
  );
  const runIds = body.data.runIdsOrError.results;
  if (runIds.length === 0) return;
  await dagster.ask(
    "mutation ($runIds: [String!]!) { terminateRuns(runIds: $runIds, terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) { __typename } }",
    { runIds },
  );
}
