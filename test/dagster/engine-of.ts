import { createDagsterEngine } from "../../src/engines/dagster/engine.ts";
import type { Engine } from "../../src/engines/engine.ts";
import { createTestLog } from "../scheduler/world.ts";

/** Creates EOM's engine for the Dagster at a URL, without limits. */
export function engineOf(url: string): Engine {
  return createDagsterEngine({
    name: "dagster",
    url,
    headers: {},
    launchesPerSecond: null,
    maxRuns: null,
    log: createTestLog().log,
  });
}
