import { createDagsterEngine } from "../../../src/engines/dagster/engine.ts";
import type { Engine } from "../../../src/engines/engine.ts";
import { createTestLog } from "../../scheduler/world.ts";
import { type FakeDagster, startFakeDagster } from "./fake-dagster.ts";

export const secretHeaders = { "X-Api-Token": "s3cret-t0ken-value", Authorization: "Bearer an0ther-s3cret" };

export interface DagsterUnderTest {
  readonly dagster: FakeDagster;
  readonly engine: Engine;
  /** What was logged. */
  readonly lines: readonly Record<string, unknown>[];
  /** What the breaker told of itself. */
  readonly breaker: readonly boolean[];
  /** Of the engine's own clock. */
  advance(seconds: number): void;
  close(): Promise<void>;
}

/** An engine and the fake that it asks. `path`: a prefix below which that lies. */
export async function startDagsterUnderTest(path = ""): Promise<DagsterUnderTest> {
  const dagster = await startFakeDagster();
  const { log, lines } = createTestLog();
  const breaker: boolean[] = [];
  let milliseconds = 0;
  const engine = createDagsterEngine({
    name: "dagster",
    url: dagster.url + path,
    headers: secretHeaders,
    launchesPerSecond: 30,
    maxRuns: 1000,
    log,
    onBreaker: (isOpen) => breaker.push(isOpen),
    monotonic: () => milliseconds,
  });
  return {
    dagster,
    engine,
    lines,
    breaker,
    advance(seconds) {
      milliseconds += seconds * 1000;
    },
    async close() {
      await engine.close();
      await dagster.stop();
    },
  };
}

export const pipelines = { location: "pipelines", repository: null };
