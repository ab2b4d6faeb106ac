import { createRemoteEngine } from "../scheduler/remote-engine.ts";
import { describeEngine } from "./suite.ts";

// Other tests use this fake, so it must satisfy the contract of engines.
describeEngine("of tests (remote)", async () => {
  const remote = createRemoteEngine();
  return {
    engine: remote.engine,
    job: { location: null, repository: null },
    kinds: [1, 5],
    reports: {
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
