import { once } from "node:events";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Engine, RunStatus } from "../../src/engines/engine.ts";
import type { BuiltIn } from "../../src/engines/local/built-in.ts";
import { createLocalEngine } from "../../src/engines/local/engine.ts";
import type { DeclaredJob } from "../../src/engines/local/jobs-file.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { fail } from "../../src/platform/failure.ts";
import { createCounter, createTestClock, createTestLog, jobs, nodeJob } from "../scheduler/world.ts";
import { patience } from "../support/time-limits.ts";
import { describeEngine, toRequest } from "./suite.ts";

describeEngine("local", async () => {
  const folder = await mkdtemp(join(tmpdir(), "eom-program-"));
  const program = join(folder, "program");
  await symlink(process.execPath, program);
  const engine = createLocalEngine({
    jobs: [jobs.ok, jobs.fail, { ...jobs.hang, command: [program, ...jobs.hang.command.slice(1)] }],
    builtIns: [],
    clock: systemClock,
    log: createTestLog().log,
    path: process.env["PATH"] ?? "",
    maxRuns: 10,
    launchesPerSecond: null,
    graceSeconds: 5,
    onRunEnded: () => {},
  });
  return {
    engine,
    job: { location: null, repository: null },
    kinds: [1, 5],
    reports: {
      ok: { result: { answer: 42 }, output: { text: '{"answer":42}\n', writtenBytes: 14 } },
      fail: {
        error: { code: "JOB_FAILED", message: "The job fail ended with exit code 3", step: null },
        output: { text: "no such thing\n" },
      },
      hang: { output: { text: "begun\n", writtenBytes: 6 } },
    },
    work: () => {},
    answerUnclearly: null,
    async breakDown() {
      await rm(program);
      return /^The job hang cannot be started: there is no program .*program$/;
    },
    async close() {
      await engine.close();
      await rm(folder, { recursive: true });
    },
  };
});

describe("a job that is saved for the local engine", () => {
  const inventory: BuiltIn = { name: "inventory", kinds: [5], description: "counts", run: async () => ({}) };
  const engine = createLocalEngine({
    jobs: [jobs.ok],
    builtIns: [inventory],
    clock: systemClock,
    log: createTestLog().log,
    path: "",
    maxRuns: 10,
    launchesPerSecond: null,
    graceSeconds: 5,
    onRunEnded: () => {},
  });
  const unknown = (field: string, message: string) => ({ path: ["job", field], message, code: "unknown_job" });
  const location = unknown(
    "location",
    "must be null or left out, since the jobs of the local engine have no location: it is 'pipelines'",
  );
  const repository = unknown(
    "repository",
    "must be null or left out, since the jobs of the local engine have no repository: it is 'main'",
  );
  const name = unknown("name", "names no job for schedules of kind 1: 'nowhere' is not known, there is ok");
  const ofOtherKind = unknown(
    "name",
    "names no job for schedules of kind 1: 'inventory' serves schedules of other kinds, there is ok",
  );

  test.for([
    ["a location", { location: "pipelines", repository: null, name: "ok" }, [location]],
    ["a repository", { location: null, repository: "main", name: "ok" }, [repository]],
    ["both", { location: "pipelines", repository: "main", name: "ok" }, [location, repository]],
    ["a location and an unknown name", { location: "pipelines", repository: null, name: "nowhere" }, [location, name]],
    ["a job of another kind", { location: null, repository: null, name: "inventory" }, [ofOtherKind]],
  ] as const)("is refused with an issue at each wrong field: %s", async ([, job, issues]) => {
    const reference = { kind: 1, job, runConfig: {}, runConfigOf: "job" as const, tags: {} };
    expect(await engine.checkJob(reference)).toEqual({ verdict: "refused", issues });
  });
});

test("a process without a jobs file says that it needs the workers' file", async () => {
  const engine = createLocalEngine({
    jobs: [],
    builtIns: [{ name: "inventory", kinds: [5], description: "counts", run: async () => ({}) }],
    clock: systemClock,
    log: createTestLog().log,
    path: "",
    maxRuns: 10,
    launchesPerSecond: null,
    graceSeconds: 5,
    onRunEnded: () => {},
  });
  const job = { location: null, repository: null, name: "thumbnails" };
  expect(await engine.checkJob({ kind: 1, job, runConfig: {}, runConfigOf: "job", tags: {} })).toMatchObject({
    issues: [
      { path: ["job", "name"], message: expect.stringContaining("every process of EOM needs the same jobs file") },
    ],
  });
});

describe("the local engine alone", () => {
  const clock = createTestClock("2026-11-23T10:00:00.000Z");
  const { log, lines } = createTestLog();
  let engine: Engine;
  let ended: ReturnType<typeof createCounter>;
  beforeEach(() => {
    ended = createCounter();
  });
  afterEach(() => {
    vi.useRealTimers();
    return engine.close();
  });

  function open(declared: readonly DeclaredJob[], builtIns: readonly BuiltIn[] = [], graceSeconds = 5): void {
    const path = process.env["PATH"] ?? "";
    engine = createLocalEngine({
      jobs: declared,
      builtIns,
      clock,
      log,
      path,
      maxRuns: 10,
      launchesPerSecond: null,
      graceSeconds,
      onRunEnded: ended.add,
    });
  }

  async function start(name: string, runConfig: Record<string, unknown> = {}): Promise<string> {
    const outcome = await engine.launch(toRequest(name, { runConfig }));
    if (outcome.outcome !== "launched") throw new Error(`not launched: ${JSON.stringify(outcome)}`);
    return outcome.runId;
  }

  async function find(runId: string): Promise<RunStatus | undefined> {
    return (await engine.status([runId])).get(runId);
  }

  async function run(name: string, runConfig: Record<string, unknown> = {}): Promise<RunStatus | undefined> {
    const before = ended.count();
    const runId = await start(name, runConfig);
    await ended.until(before + 1);
    return find(runId);
  }

  test("gives a job its run config on standard input, and uses its last line as the result", async () => {
    const script = `let text = ""; process.stdin.on("data", (part) => { text += part; }).on("end", () => {
      console.log("read", text.length); console.log(JSON.stringify({ doubled: JSON.parse(text).number * 2 })); });`;
    open([nodeJob("double", script)]);
    expect(await run("double", { number: 21 })).toMatchObject({
      state: "succeeded",
      error: null,
      result: { doubled: 42 },
      output: { text: 'read 13\n{"doubled":42}\n' },
    });
  });

  test("fails the run of a missing program with a sentence, and goes on", async () => {
    open([{ name: "none", command: ["/nowhere/at/all"], timeout_seconds: null, environment: {} }]);
    expect(await run("none")).toMatchObject({
      state: "failed",
      error: { code: "JOB_NOT_STARTED", message: expect.stringMatching(/does not exist/) },
    });
  });

  test("succeeds with a job that does not read a large run config", async () => {
    open([nodeJob("deaf", "process.exit(0)")]);
    expect(await run("deaf", { large: "x".repeat(1_000_000) })).toMatchObject({ state: "succeeded" });
  });

  test("ends a job that takes longer than its timeout_seconds, with JOB_TIMED_OUT", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    open([{ ...jobs.hang, timeout_seconds: 60 }]);
    const runId = await start("hang");
    const toOutput = (status?: RunStatus) => (status !== undefined && "output" in status ? status.output?.text : null);
    while (toOutput(await find(runId)) !== "begun\n") await nextTurn();
    vi.advanceTimersByTime(59_999);
    expect(await find(runId)).toMatchObject({ state: "running" });
    vi.advanceTimersByTime(1);
    await ended.until(1);
    expect(await find(runId)).toMatchObject({
      state: "failed",
      error: { code: "JOB_TIMED_OUT" },
      output: { text: "begun\n" },
    });
  });

  test("succeeds with a job that has exited with 0 when its run is canceled: only processes that it left behind are ended", async () => {
    const leftBehind = 'trap "echo asked to end" TERM; kill -s USR1 "$PPID"; while :; do sleep 0.05; done';
    const script = `trap "exit 0" USR1; sh -c '${leftBehind}' & wait`;
    open([{ name: "leaves", command: ["sh", "-c", script], timeout_seconds: null, environment: {} }], [], 0.5);
    const runId = await start("leaves");
    await vi.waitFor(async () => {
      expect(await find(runId)).toMatchObject({ output: { text: expect.stringContaining("asked to end") } });
    }, patience);
    await engine.cancel([runId]);
    await ended.until(1);
    expect(await find(runId)).toMatchObject({ state: "succeeded", error: null });
  });

  test("replaces characters of a result that PostgreSQL rejects", async () => {
    open([nodeJob("odd", String.raw`console.log('{"a\\u0000b":"\\ud800","list":["\\u0000"]}')`)]);
    expect(await run("odd")).toMatchObject({ result: { "a\ufffdb": "\ufffd", list: ["\ufffd"] } });
  });

  test("ignores a result that is too large, or no object", async () => {
    open([
      nodeJob("huge", "console.log(JSON.stringify({text: 'x'.repeat(20_000)}))"),
      nodeJob("list", "console.log('[1]')"),
    ]);
    expect(await run("huge")).toMatchObject({ state: "succeeded", result: null });
    expect(await run("list")).toMatchObject({ state: "succeeded", result: null });
  });

  test.for([
    ["an integer that would be rounded", '{"id":9007199254740993}', /9007199254740993/],
    ["a negative integer that would be rounded", '{"list":[{"id":-9007199254740993}]}', /write it as a string/],
    ["a number beyond all numbers", '{"size":1e999}', /1e999/],
    ["1,000 levels", `{"a":${"[".repeat(1000)}${"]".repeat(1000)}}`, /deeper than 32 levels/],
    ["8,000 levels", `{"a":${"[".repeat(8000)}${"]".repeat(8000)}}`, /deeper than 32 levels/],
    ["33 levels", `{"a":${"[".repeat(32)}${"]".repeat(32)}}`, /deeper than 32 levels/],
  ] as const)("keeps no result with %s, and logs why", async ([, line, reason]) => {
    open([nodeJob("odd", `console.log(${JSON.stringify(line)})`)]);
    expect(await run("odd")).toMatchObject({ state: "succeeded", result: null });
    expect(lines.at(-1)?.["msg"]).toMatch(reason);
  });

  test("keeps a result with the largest exact integers, fractions and 32 levels as they are written", async () => {
    const line = `{"max":9007199254740991,"min":-9007199254740991,"part":0.1,"large":1e300,"text":"9007199254740993","a":${"[".repeat(31)}${"]".repeat(31)}}`;
    open([nodeJob("odd", `console.log(${JSON.stringify(line)})`)]);
    expect(await run("odd")).toMatchObject({ result: JSON.parse(line) });
  });

  test("gives a job PATH, its declared variables and its session, and nothing else of EOM's environment", async () => {
    vi.stubEnv("EOM_ADMIN_TOKEN", "canary-secret");
    vi.stubEnv("VAULT_TOKEN", "canary-secret");
    open([nodeJob("env", "console.log(JSON.stringify(process.env))", { environment: { REGION: "eu" } })]);
    const status = await run("env");
    vi.unstubAllEnvs();
    const seen = status !== undefined && "result" in status ? (status.result ?? {}) : {};
    const names = Object.keys(seen).filter((name) => !name.startsWith("__CF"));
    expect(names.sort()).toEqual([
      "EOM_ATTEMPT",
      "EOM_DATA_INTERVAL_END",
      "EOM_DATA_INTERVAL_START",
      "EOM_JOB",
      "EOM_SCHEDULE_ID",
      "EOM_SESSION_ID",
      "EOM_SLOT",
      "PATH",
      "REGION",
    ]);
    expect(JSON.stringify(status)).not.toContain("canary");
  });

  test("passes arguments to a job without a shell", async () => {
    open([
      { name: "echo", command: ["echo", "$HOME", "`id`", "; exit 1", "*"], timeout_seconds: null, environment: {} },
    ]);
    expect(await run("echo")).toMatchObject({ output: { text: "$HOME `id` ; exit 1 *\n" } });
  });

  test("refuses launches after close, and has no room", async () => {
    open([jobs.ok]);
    await engine.close();
    expect(await engine.launch(toRequest("ok"))).toMatchObject({
      outcome: "refused",
      error: { code: "ENGINE_STOPPED" },
    });
    expect(engine.room()).toBe(0);
  });

  test("keeps a run until it is forgotten, and counts it against the room until then", async () => {
    open([jobs.ok]);
    const runId = await start("ok");
    await ended.until(1);
    expect(engine.room()).toBe(9);
    engine.forget(runId);
    expect(engine.room()).toBe(10);
    expect(await find(runId)).toBeUndefined();
  });

  test("fails a built-in job with the message of a Failure, and with no text of another error", async () => {
    open(
      [],
      [
        {
          name: "known",
          kinds: [5],
          description: "",
          run: () => Promise.reject(fail("S3_CONNECTION_FAILED", "no bucket", { reason: "x", hint: null, checks: [] })),
        },
        { name: "bug", kinds: [5], description: "", run: () => Promise.reject(new Error("canary-secret")) },
      ],
    );
    expect(await run("known")).toMatchObject({
      state: "failed",
      error: { code: "S3_CONNECTION_FAILED", message: "no bucket" },
    });
    const bug = await run("bug");
    expect(bug).toMatchObject({ state: "failed", error: { code: "JOB_FAILED" } });
    expect(JSON.stringify(bug)).not.toContain("canary");
    expect(JSON.stringify(lines)).toContain("canary-secret");
  });

  test("ends a built-in job when its run is canceled", async () => {
    const run: BuiltIn["run"] = (_, { signal }) => once(signal, "abort").then(() => ({}));
    open([], [{ name: "slow", kinds: [5], description: "", run }]);
    const runId = await start("slow");
    await engine.cancel([runId]);
    await ended.until(1);
    expect(await find(runId)).toMatchObject({ state: "canceled" });
  });
});
