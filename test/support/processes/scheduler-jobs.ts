import type { Engine } from "../../../src/engines/engine.ts";
import { createLocalEngine } from "../../../src/engines/local/engine.ts";
import type { Clock } from "../../../src/platform/clock.ts";
import type { Logger } from "../../../src/platform/log.ts";

interface MarkedEngineNeeds {
  readonly clock: Clock;
  readonly log: Logger;
  readonly onRunEnded: () => void;
}

/** The real local engine, with short real jobs whose processes have `EOM_TEST_MARK` in their environment, and a built-in job. */
export function createMarkedEngine(mark: string, needs: MarkedEngineNeeds): Engine {
  const toJob = (name: string, script: string) => ({
    name,
    command: ["/bin/sh", "-c", script],
    timeout_seconds: null,
    environment: { EOM_TEST_MARK: mark },
  });
  return createLocalEngine({
    ...needs,
    jobs: [toJob("echo", "echo '{}'"), toJob("fail", "exit 3"), toJob("family", "sleep 4 & sleep 4; wait")],
    builtIns: [{ name: "nothing", kinds: [1], description: "Does nothing", run: async () => ({}) }],
    path: "/usr/local/bin:/usr/bin:/bin",
    maxRuns: 32,
    launchesPerSecond: 500,
    graceSeconds: 2,
  });
}
