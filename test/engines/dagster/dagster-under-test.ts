import { createDagsterEngine } from "../../../src/engines/dagster/engine.ts";
import type { Engine } from "../../../src/engines/engine.ts";
import { createTestLog } from "../../scheduler/world.ts";
import { type FakeDagster, startFakeDagster } from "./fake-dagster.ts";

export const secretHeaders = { "X-Api-Token": "s3cret-t0ken-value", Authorization: "Bearer an0ther-s3cret" };

export interface DagsterUnderTest {
  readonly dagster: FakeDagster;
  readonly engine: Engine;
  /** Log lines. */
  readonly lines: readonly Record<string, unknown>[];
  /** Every change of the breaker: true for open. */
  readonly breaker: readonly boolean[];
  /** Advances the monotonic clock of the engine. */
  advance(seconds: number): void;
  close(): Promise<void>;
}

/** Starts a fake Dagster and an engine that asks it. `path` is a path prefix. */
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
