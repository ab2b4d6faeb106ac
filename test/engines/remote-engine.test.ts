import { createRemoteEngine } from "../scheduler/remote-engine.ts";
import { describeEngine } from "./suite.ts";

// The fake that other tests trust must be what an engine is.
describeEngine("of the tests, whose runs are elsewhere", async () => {
  const remote = createRemoteEngine();
  return {
    engine: remote.engine,
    job: { location: null, repository: null },
    kinds: [1, 5],
    tells: {
      ok: { result: null, output: null },
      fail: { error: { code: "STEP_FAILED", step: "load" }, output: null },
      hang: { output: null },
    },
    work: remote.work,
    answerUnclearly: remote.answerUnclearly,
    async breakDown() {
      remote.breakDown("no route");
      return /no route/;
    },
    close: async () => {},
  };
});
