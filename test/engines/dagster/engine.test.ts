import { expect } from "vitest";
import { describeEngine } from "../suite.ts";
import { pipelines, startDagsterUnderTest } from "./dagster-under-test.ts";
import { loseAnswer, reset } from "./misbehaviour.ts";

describeEngine("dagster, with the fake", async () => {
  const { dagster, engine, close } = await startDagsterUnderTest();
  return {
    engine,
    job: pipelines,
    kinds: [1, 5],
    reports: {
      ok: { result: null, output: null },
      fail: {
        error: { code: "RUN_FAILED", step: "boom", message: expect.stringContaining("No such scene") },
        output: null,
      },
      hang: { output: null },
    },
    work: dagster.work,
    answerUnclearly(how) {
      dagster.misbehave(how === "with a run" ? loseAnswer : reset, { operation: "LaunchRun", times: 1 });
    },
    async breakDown() {
      await dagster.stop();
      return /cannot be reached.*dagster-webserver/;
    },
    close,
  };
});
