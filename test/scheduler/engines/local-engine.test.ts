import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fail } from "../../../src/platform/failure.ts";
import { createId } from "../../../src/platform/id.ts";
import type { Engine, LaunchRequest, RunStatus } from "../../../src/scheduler/engines/engine.ts";
import type { BuiltIn } from "../../../src/scheduler/engines/local/built-in.ts";
import { createLocalEngine } from "../../../src/scheduler/engines/local/engine.ts";
import type { DeclaredJob } from "../../../src/scheduler/engines/local/jobs-file.ts";
import { createCounter, createTestClock, createTestLog, jobs, nodeJob } from "../world.ts";

describe("the local engine", () => {
  const clock = createTestClock("2026-11-23T10:00:00.000Z");
  const { log, lines } = createTestLog();
  let engine: Engine;
  let ended: ReturnType<typeof createCounter>;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "eom-run-"));
    ended = createCounter();
  });
  afterEach(async () => {
    await engine.close();
    await rm(folder, { recursive: true });
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
      graceSeconds,
      onRunEnded: ended.add,
    });
  }

  function toRequest(name: string, runConfig: Record<string, unknown> = {}): LaunchRequest {
    const job = { location: null, repository: null, name };
    return {
      sessionId: createId(),
      scheduleId: createId(),
      kind: 1,
      attempt: 1,
      slot: clock.now(),
      job,
      runConfig,
      tags: {},
    };
  }

  async function start(name: string, runConfig: Record<string, unknown> = {}): Promise<string> {
    const outcome = await engine.launch(toRequest(name, runConfig));
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

  /** A file that the job writes to say how far it is. */
  async function untilWritten(name: string): Promise<string> {
    const path = join(folder, name);
    await vi.waitFor(() => expect(existsSync(path) && readFileSync(path, "utf8").endsWith("\n")).toBe(true), {
      timeout: 10_000,
      interval: 10,
    });
    return readFileSync(path, "utf8").trim();
  }

  test("gives a job its run config on standard input, and takes its last line as the result", async () => {
    const script = `let text = ""; process.stdin.on("data", (part) => { text += part; }).on("end", () => {
      console.log("read", text.length); console.log(JSON.stringify({ doubled: JSON.parse(text).number * 2 })); });`;
    open([nodeJob("double", script)]);
    expect(await run("double", { number: 21 })).toMatchObject({
      state: "succeeded",
      error: null,
      result: { doubled: 42 },
      output: 'read 13\n{"doubled":42}\n',
    });
  });

  test("an exit code other than 0 fails the run, whose output is kept", async () => {
    open([jobs.fail]);
    expect(await run("fail")).toMatchObject({
      state: "failed",
      error: { code: "JOB_FAILED", message: "The job fail ended with exit code 3" },
      output: "no such thing\n",
      result: null,
    });
  });

  test("a program that does not exist fails the run with a sentence, not the engine", async () => {
    open([{ name: "none", command: ["/nowhere/at/all"], timeout_seconds: null, environment: {} }]);
    expect(await run("none")).toMatchObject({
      state: "failed",
      error: { code: "JOB_NOT_STARTED", message: expect.stringMatching(/does not exist/) },
    });
  });

  test("a job that reads nothing of a large run config succeeds all the same", async () => {
    open([nodeJob("deaf", "process.exit(0)")]);
    expect(await run("deaf", { large: "x".repeat(1_000_000) })).toMatchObject({ state: "succeeded" });
  });

  test("a job that takes longer than the jobs file allows is ended and says so", async () => {
    open([{ ...jobs.hang, timeout_seconds: 1 }]);
    expect(await run("hang")).toMatchObject({ state: "failed", error: { code: "JOB_TIMED_OUT" }, output: "begun\n" });
  });

  test("keeps the last 64 KiB of what a job writes, cut between characters", async () => {
    const script = `process.stdout.write("ä".repeat(100_000) + "\\nend\\n")`;
    open([nodeJob("loud", script)]);
    const status = await run("loud");
    const output = status !== undefined && "output" in status ? (status.output ?? "") : "";
    expect(Buffer.byteLength(output)).toBeLessThanOrEqual(64 * 1024);
    expect(Buffer.byteLength(output)).toBeGreaterThan(63 * 1024);
    expect(output).toMatch(/^ä+\nend\n$/);
  });

  test("a result that PostgreSQL could not keep is made so that it can", async () => {
    open([nodeJob("odd", String.raw`console.log('{"a\\u0000b":"\\ud800","list":["\\u0000"]}')`)]);
    expect(await run("odd")).toMatchObject({ result: { "a\ufffdb": "\ufffd", list: ["\ufffd"] } });
  });

  test("a result beyond its bound, or that is no object, is none", async () => {
    open([
      nodeJob("huge", "console.log(JSON.stringify({text: 'x'.repeat(20_000)}))"),
      nodeJob("list", "console.log('[1]')"),
    ]);
    expect(await run("huge")).toMatchObject({ state: "succeeded", result: null });
    expect(await run("list")).toMatchObject({ state: "succeeded", result: null });
  });

  test("a job sees PATH, what is declared for it, and who it runs for; nothing of our own environment", async () => {
    vi.stubEnv("EOM_ADMIN_TOKEN", "canary-secret");
    vi.stubEnv("VAULT_TOKEN", "canary-secret");
    open([nodeJob("env", "console.log(JSON.stringify(process.env))", { environment: { REGION: "eu" } })]);
    const status = await run("env");
    vi.unstubAllEnvs();
    const seen = status !== undefined && "result" in status ? (status.result ?? {}) : {};
    const names = Object.keys(seen).filter((name) => !name.startsWith("__CF"));
    expect(names.sort()).toEqual([
      "EOM_ATTEMPT",
      "EOM_JOB",
      "EOM_SCHEDULE_ID",
      "EOM_SESSION_ID",
      "EOM_SLOT",
      "PATH",
      "REGION",
    ]);
    expect(JSON.stringify(status)).not.toContain("canary");
  });

  test("no shell reads a job's arguments", async () => {
    open([
      { name: "echo", command: ["echo", "$HOME", "`id`", "; exit 1", "*"], timeout_seconds: null, environment: {} },
    ]);
    expect(await run("echo")).toMatchObject({ output: "$HOME `id` ; exit 1 *\n" });
  });

  const familyScript = (file: string, ignore: boolean) => `
    const { spawn } = require("node:child_process");
    const child = spawn(process.execPath, ["-e", ${JSON.stringify(`${ignore ? "process.on('SIGTERM', () => {});" : ""} setInterval(() => {}, 1000); console.log('up')`)}]);
    ${ignore ? "process.on('SIGTERM', () => {});" : ""}
    child.stdout.once("data", () => require("node:fs").writeFileSync(${JSON.stringify(file)}, child.pid + "\\n"));
    setInterval(() => {}, 1000);`;

  test("canceling ends a job with everything that it started", async () => {
    open([nodeJob("family", familyScript(join(folder, "child"), false))]);
    const runId = await start("family");
    const child = Number(await untilWritten("child"));
    await engine.cancel(runId);
    await ended.until(1);
    expect(await find(runId)).toMatchObject({ state: "canceled" });
    expect(isAlive(child)).toBe(false);
  });

  test("what ignores SIGTERM is killed after the grace, with everything that it started", async () => {
    open([nodeJob("family", familyScript(join(folder, "child"), true))], [], 0.2);
    const runId = await start("family");
    const child = Number(await untilWritten("child"));
    await engine.cancel(runId);
    await ended.until(1);
    expect(await find(runId)).toMatchObject({ state: "canceled" });
    expect(isAlive(child)).toBe(false);
  });

  test("what a job leaves behind when it succeeds goes with it", async () => {
    const script = `const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
      console.log(JSON.stringify({ child: child.pid })); child.unref(); process.exit(0)`;
    open([nodeJob("leaver", script)]);
    const status = await run("leaver");
    expect(status).toMatchObject({ state: "succeeded" });
    const child = status !== undefined && "result" in status ? Number(status.result?.["child"]) : 0;
    expect(child).toBeGreaterThan(0);
    expect(isAlive(child)).toBe(false);
  });

  test("closing ends what runs, which then tells why, and refuses what comes later", async () => {
    open([jobs.hang]);
    const runId = await start("hang");
    await engine.close();
    expect(await find(runId)).toMatchObject({ state: "failed", error: { code: "ENGINE_STOPPED" } });
    expect(await engine.launch(toRequest("hang"))).toMatchObject({ outcome: "refused" });
    expect(engine.room()).toBe(0);
  });

  test("a run is remembered until its end is recorded, and takes room until then", async () => {
    open([jobs.ok]);
    const runId = await start("ok");
    await ended.until(1);
    expect(engine.room()).toBe(9);
    engine.forget(runId);
    expect(engine.room()).toBe(10);
    expect(await find(runId)).toBeUndefined();
  });

  test("refuses a job that is not declared, and offers those that are", async () => {
    open([jobs.ok]);
    expect(await engine.launch(toRequest("rm"))).toMatchObject({ outcome: "refused", error: { code: "JOB_UNKNOWN" } });
    expect((await engine.jobs()).map(({ name, kinds }) => [name, kinds])).toEqual([["ok", [1, 5]]]);
  });

  test("a built-in job fails with a Failure's message, and with nothing of any other error", async () => {
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

  test("a built-in job ends when its run is canceled", async () => {
    const run: BuiltIn["run"] = (_, { signal }) => once(signal, "abort").then(() => ({}));
    open([], [{ name: "slow", kinds: [5], description: "", run }]);
    const runId = await start("slow");
    await engine.cancel(runId);
    await ended.until(1);
    expect(await find(runId)).toMatchObject({ state: "canceled" });
  });

  test("runs do not outlive a process that is killed outright", async () => {
    open([]);
    const root = new URL("../../../", import.meta.url);
    const script = `import { startCommand } from ${JSON.stringify(new URL("src/scheduler/engines/local/process-group.ts", root).href)};
      startCommand({ command: [process.execPath, "-e", "console.log(process.pid); setInterval(() => {}, 1000)"], environment: {}, input: "",
        graceSeconds: 1, onOutput: (bytes) => process.stdout.write(bytes) });`;
    const parent = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(createInterface({ input: parent.stdout }), "line")) as [string];
    const child = Number(line);
    expect(isAlive(child)).toBe(true);
    parent.kill("SIGKILL");
    await once(parent, "exit");
    await vi.waitFor(() => expect(isAlive(child)).toBe(false), { timeout: 5000, interval: 10 });
  });
});

/** A zombie that nobody has reaped yet is dead. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
