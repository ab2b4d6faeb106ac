import { Registry } from "prom-client";
import { createScheduler } from "../../src/compose/scheduler.ts";
import type { Engine } from "../../src/engines/engine.ts";
import type { BuiltIn } from "../../src/engines/local/built-in.ts";
import { createLocalEngine } from "../../src/engines/local/engine.ts";
import type { DeclaredJob } from "../../src/engines/local/jobs-file.ts";
import { createEngines, type Engines } from "../../src/engines/registry.ts";
import type { StoragesForRuns } from "../../src/engines/run-storage.ts";
import type { Clock } from "../../src/platform/clock.ts";
import type { Database } from "../../src/platform/database/tables.ts";
import { createId } from "../../src/platform/id.ts";
import { createLogger } from "../../src/platform/log.ts";
import type { ClockGuard } from "../../src/platform/worker/clock-guard.ts";
import type { SchedulerContext } from "../../src/scheduler/context.ts";
import { createMendPosition } from "../../src/scheduler/mend/position.ts";
import { createSchedulerMetrics } from "../../src/scheduler/metrics.ts";
import { createRowPages } from "../../src/scheduler/row-pages.ts";
import { type CreateSchedule, createScheduleSchema } from "../../src/schedules/model.ts";

/** A clock that stands still until the test moves it. */
export interface TestClock extends Clock {
  advance(seconds: number): void;
  set(time: string): void;
}

/** @param start an ISO 8601 time */
export function createTestClock(start: string): TestClock {
  let now = new Date(start);
  return {
    now: () => now,
    advance(seconds) {
      now = new Date(now.getTime() + seconds * 1000);
    },
    set(time) {
      now = new Date(time);
    },
  };
}

/** A log that keeps its lines as parsed JSON. */
export function createTestLog() {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger(
    { level: "debug", format: "json" },
    { write: (line: string) => lines.push(JSON.parse(line)) },
  );
  return { log, lines };
}

/** A job that runs Node with the script. Node is the only program that every test machine has. */
export function nodeJob(name: string, script: string, more: Partial<DeclaredJob> = {}): DeclaredJob {
  return { name, command: [process.execPath, "-e", script], timeout_seconds: null, environment: {}, ...more };
}

/** Jobs of a local engine in tests. */
export const jobs = {
  ok: nodeJob("ok", "console.log(JSON.stringify({answer: 42}))"),
  fail: nodeJob("fail", "console.error('no such thing'); process.exit(3)"),
  /** Prints `begun`, and runs until it is killed. */
  hang: nodeJob("hang", "console.log('begun'); setInterval(() => {}, 1000)"),
};

/** Counts events. A test waits for the n-th event in place of sleeping. */
export function createCounter() {
  let count = 0;
  let waiting: { readonly target: number; readonly resolve: () => void }[] = [];
  return {
    count: () => count,
    add() {
      count += 1;
      for (const { target, resolve } of waiting) if (count >= target) resolve();
      waiting = waiting.filter(({ target }) => target > count);
    },
    async until(target: number): Promise<void> {
      if (count >= target) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ target, resolve });
      await promise;
    },
  };
}

interface WorldOptions {
  readonly db: Database;
  readonly start?: string;
  readonly engine?: Engine;
  /** Several engines, in place of `engine`. */
  readonly engines?: Engines;
  readonly declared?: readonly DeclaredJob[];
  readonly builtIns?: readonly BuiltIn[];
  readonly storages?: StoragesForRuns;
  readonly maxRuns?: number;
}

/** The context of ticks and their steps, for a process with one engine. */
export type ProcessNeeds = SchedulerContext & { readonly engine: Engine };

/** The same process with another engine. */
export function withEngine(needs: SchedulerContext, engine: Engine): ProcessNeeds {
  return { ...needs, engine, engines: createEngines([engine], engine.name) };
}

/** For a clock of the test: it is right. */
export const rightClock: ClockGuard = { isRight: async () => true };

/** Knows no storage: every storage is missing. */
export const noStorages: StoragesForRuns = { findStoragesForRuns: async () => new Map() };

export type World = ReturnType<typeof createWorld>;

/** A scheduler whose clock stands still and whose ticks the test calls. Several processes of it can share one database. */
export function createWorld(options: WorldOptions) {
  const { db } = options;
  const clock = createTestClock(options.start ?? "2026-11-23T10:00:00.000Z");
  const { log, lines } = createTestLog();
  const metrics = createSchedulerMetrics(new Registry());
  const runsEnded = createCounter();
  const storages = options.storages ?? noStorages;

  function createTestEngine(): Engine {
    return createLocalEngine({
      jobs: options.declared ?? Object.values(jobs),
      builtIns: options.builtIns ?? [],
      clock,
      log,
      path: process.env["PATH"] ?? "",
      maxRuns: options.maxRuns ?? 100,
      graceSeconds: 5,
      launchesPerSecond: null,
      onRunEnded: runsEnded.add,
    });
  }

  /** Creates the context of another process, with its own engine and lease. */
  function createProcess(more: { engine?: Engine; leaseSeconds?: number; batchSize?: number } = {}): ProcessNeeds {
    const engine = more.engine ?? options.engine ?? options.engines?.all[0] ?? createTestEngine();
    const engines = options.engines ?? createEngines([engine], engine.name);
    const { schedules, sessions } = createScheduler({ db, clock, log, engines, storages, onWork: () => {} });
    return {
      db,
      clock,
      clockGuard: rightClock,
      log,
      metrics,
      storages,
      schedules,
      sessions,
      engine,
      engines,
      lease: { owner: createId(), seconds: more.leaseSeconds ?? 60 },
      rowPages: createRowPages(),
      mendPosition: createMendPosition(),
      scan: { batchSize: more.batchSize ?? 100, punctualSeconds: 10 },
    };
  }

  const needs = createProcess();
  const api = createScheduler({ ...needs, onWork: () => {} });
  return {
    db,
    clock,
    log,
    lines,
    metrics,
    runsEnded,
    needs,
    api,
    createProcess,
    createTestEngine,
    close: needs.engine.close,
  };
}

const change = {
  actor: { subject: "ada", onBehalfOf: null, requestId: null },
  beforeCommit: async () => {},
};

export { change };

/** The input of a schedule. Defaults: every minute, the job `ok`. */
export function toCreate(fields: Record<string, unknown> = {}): CreateSchedule {
  return createScheduleSchema.parse({
    name: `schedule ${createId()}`,
    kind: 1,
    trigger: { type: "cron", expression: "* * * * *" },
    job: { name: "ok" },
    ...fields,
  });
}

export const notAborted = new AbortController().signal;
