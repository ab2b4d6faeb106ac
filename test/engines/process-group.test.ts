import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { chmod, copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createTail } from "../../src/engines/local/output.ts";
import { type CommandRequest, startCommand } from "../../src/engines/local/process-group.ts";
import { heavyTestTimeout, patience } from "../support/time-limits.ts";
import { createRollCall, type RollCall } from "./roll-call.ts";

const moduleUrl = new URL("../../src/engines/local/process-group.ts", import.meta.url).href;
const environment = { PATH: process.env["PATH"] ?? "" };
const deaf = 'process.on("SIGTERM", () => {});';

let folder: string;
let rollCall: RollCall;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "eom-group-"));
  rollCall = await createRollCall(folder);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rollCall.close();
  await rm(folder, { recursive: true });
});

function start(command: readonly string[], more: Partial<CommandRequest> = {}) {
  return startCommand({ command, environment, user: null, input: "", graceSeconds: 5, onOutput: () => {}, ...more });
}

const toNode = (script: string) => [process.execPath, "-e", script];

/** Starts another node, from within a node script. */
function toChild(script: string, options: object = { stdio: "ignore" }): string {
  return `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(script)}], ${JSON.stringify(options)});`;
}

/** A job, its child and its grandchild. `each`: what each of them does first. */
function toFamily(each: string): string {
  const grandchild = each + rollCall.answer("grandchild");
  const child = each + rollCall.answer("child") + toChild(grandchild);
  return each + rollCall.answer("job") + toChild(child);
}

const untilFamily = () => Promise.all(["job", "child", "grandchild"].map(rollCall.wait));

test("ends a job with all processes that it started", async () => {
  const { ended, end } = start(toNode(toFamily("")));
  const family = await untilFamily();
  end();
  await Promise.all(family.map(({ gone }) => gone));
  expect(await ended).toEqual({ how: "killed", signal: "SIGTERM" });
});

test("kills processes at any depth that ignore SIGTERM, after the grace time", async () => {
  const { ended, end } = start(toNode(toFamily(deaf)), { graceSeconds: 0.1 });
  const family = await untilFamily();
  end();
  end();
  await Promise.all(family.map(({ gone }) => gone));
  expect(await ended).toEqual({ how: "killed", signal: "SIGKILL" });
});

test("kills a grandchild that ignores SIGTERM when its job obeys it", async () => {
  const child = rollCall.answer("child") + toChild(deaf + rollCall.answer("grandchild"));
  const { ended, end } = start(toNode(rollCall.answer("job") + toChild(child)), { graceSeconds: 0.1 });
  const family = await untilFamily();
  end();
  await Promise.all(family.map(({ gone }) => gone));
  expect(await ended).toEqual({ how: "killed", signal: "SIGTERM" });
});

test("ends processes that a successful job leaves behind, also if they ignore SIGTERM", async () => {
  const child = deaf + rollCall.answer("child", 'console.log("here")');
  const script = `const child = ${toChild(child, { stdio: ["ignore", "pipe", "ignore"] })}
    child.stdout.once("data", () => process.exit(0));`;
  const { ended } = start(toNode(script), { graceSeconds: 0.1 });
  const { gone } = await rollCall.wait("child");
  expect(await ended).toEqual({ how: "exited", code: 0 });
  await gone;
});

test("kills the whole group when the process that started it is killed", async () => {
  const script = `import { startCommand } from ${JSON.stringify(moduleUrl)};
    startCommand({ command: ${JSON.stringify(toNode(toFamily(deaf)))}, environment: {}, user: null, input: "", graceSeconds: 60, onOutput() {} });`;
  const parent = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], { stdio: "inherit" });
  const family = await untilFamily();
  parent.kill("SIGKILL");
  await once(parent, "exit");
  await Promise.all(family.map(({ gone }) => gone));
});

test("does not wait for a process that left the group, nor for its output", async () => {
  const escapee = toChild(rollCall.answer("escapee"), { detached: true, stdio: ["ignore", "inherit", "inherit"] });
  const { ended, end } = start(toNode(`console.log("begun"); ${rollCall.answer("job")} ${escapee}`));
  const { pid, gone } = await rollCall.wait("escapee");
  end();
  expect(await ended).toEqual({ how: "killed", signal: "SIGTERM" });
  process.kill(pid, "SIGKILL");
  await gone;
});

/** Lets EOM signal no process group, as kill(2) does for processes of another user. */
function forbidSignals(): void {
  const kill = process.kill.bind(process);
  vi.spyOn(process, "kill").mockImplementation((pid, signal) => {
    if (pid > 0) return kill(pid, signal);
    kill(pid, 0);
    throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
  });
}

test("gives up a program that EOM may not signal, and says that it may go on", async () => {
  const { ended, end } = start(toNode(rollCall.answer("job")), { graceSeconds: 0.1 });
  const { pid, gone } = await rollCall.wait("job");
  forbidSignals();
  expect(end()).toBe(true);
  expect(await ended).toEqual({ how: "not_ended", remains: expect.stringContaining("EPERM") });
  vi.restoreAllMocks();
  process.kill(pid, "SIGKILL");
  await gone;
});

test("reports processes that a program left behind and that EOM may not signal", async () => {
  const child = rollCall.answer("child", 'process.kill(process.ppid, "SIGUSR2")');
  const { ended } = start(toNode(rollCall.answer("job") + toChild(child)), { graceSeconds: 0.1 });
  forbidSignals();
  const { pid, gone } = await rollCall.wait("child");
  expect(await ended).toEqual({ how: "killed", signal: "SIGUSR2", remains: expect.stringContaining("EPERM") });
  vi.restoreAllMocks();
  process.kill(pid, "SIGKILL");
  await gone;
});

/** `setpriv` with the rights of root: a job that it runs as root cannot be signalled by an ordinary user, as with sudo. */
async function createSetuidProgram(): Promise<string> {
  const program = join(folder, "as-root");
  await copyFile("/usr/bin/setpriv", program);
  await chmod(program, 0o4755);
  await chmod(folder, 0o755);
  return program;
}

test("gives up a job that became root, when EOM is an ordinary user", async ({ skip }) => {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/setpriv")) return skip("needs root and setpriv");
  const program = await createSetuidProgram();
  const script = `import { startCommand } from ${JSON.stringify(moduleUrl)};
    process.setuid(65534);
    const command = [${JSON.stringify(program)}, "--reuid", "0", "sh", "-c", "echo $$; exec sleep 600"];
    const run = startCommand({ command, environment: { PATH: process.env.PATH }, user: null, input: "", graceSeconds: 0.1,
      onOutput: (bytes) => { console.log(String(bytes).trim()); run.end(); } });
    console.log(JSON.stringify(await run.ended));`;
  const eom = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [pid, end] = (await text(eom.stdout)).trim().split("\n");
  process.kill(Number(pid), "SIGKILL");
  expect(JSON.parse(end ?? "")).toEqual({ how: "not_ended", remains: expect.stringContaining("EPERM") });
});

test("names the signal that ended a program", async () => {
  const { ended } = start(toNode('process.kill(process.pid, "SIGUSR2")'));
  expect(await ended).toEqual({ how: "killed", signal: "SIGUSR2" });
});

test("lets a program go on that closes its output", async () => {
  const script =
    'const fs = require("node:fs"); fs.closeSync(1); fs.closeSync(2); fs.readFileSync(0); process.exitCode = 4;';
  const { ended } = start(toNode(script), { input: "x".repeat(1_000_000) });
  expect(await ended).toEqual({ how: "exited", code: 4 });
});

test("says why a program could not be started, also if the system refuses at once", async () => {
  const why = async (command: readonly string[], more: Partial<CommandRequest> = {}) => {
    const end = await start(command, more).ended;
    return end.how === "not_started" ? end.reason : end;
  };
  expect(await why(["/nowhere/at/all"])).toBe("the program does not exist");
  expect(await why([folder])).toBe("the program may not be executed");
  const large = { ...environment, LARGE: "x".repeat(4_000_000) };
  expect(await why(["true"], { environment: large })).toMatch(/too long for the system/);
});

test("fails the run, and goes on, without a free file descriptor", async () => {
  const script = `import { openSync, closeSync } from "node:fs"; import { startCommand } from ${JSON.stringify(moduleUrl)};
    const open = []; try { for (;;) open.push(openSync("/dev/null")); } catch {}
    const start = () => startCommand({ command: ["true"], environment: process.env, user: null, input: "", graceSeconds: 1, onOutput() {} }).ended;
    console.log(JSON.stringify(await start()));
    for (const file of open) closeSync(file);
    console.log(JSON.stringify(await start()));`;
  const command = 'ulimit -n 64; exec "$@"';
  const child = spawn("sh", ["-c", command, "sh", process.execPath, "--input-type=module-typescript", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  expect(
    (await text(child.stdout))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { how: "not_started", reason: "EOM has too many files open" },
    { how: "exited", code: 0 },
  ]);
});

test("reads 1 GiB of output in bounded memory", async () => {
  const tail = createTail(64 * 1024);
  let chunks = 0;
  let peak = 0;
  const before = process.memoryUsage().rss;
  const { ended } = start(["head", "-c", String(2 ** 30), "/dev/zero"], {
    onOutput(bytes) {
      tail.add(bytes);
      chunks += 1;
      if (chunks % 500 === 0) peak = Math.max(peak, process.memoryUsage().rss);
    },
  });
  expect(await ended).toEqual({ how: "exited", code: 0 });
  expect(tail.toOutput().writtenBytes).toBe(2 ** 30);
  expect(peak - before).toBeLessThan(200 * 2 ** 20);
});

/** Set EOM_QUICK_RUNS to run more, such as 1000. */
const quickRuns = Number(process.env["EOM_QUICK_RUNS"] ?? 150);

test(`leaves no handle and no process after ${quickRuns} quick runs`, { timeout: heavyTestTimeout }, async () => {
  const listWraps = () => process.getActiveResourcesInfo().filter((name) => name.endsWith("Wrap"));
  const held = () => [readdirSync("/proc/self/fd").length, listWraps()];
  const runMany = async (count: number) => {
    for (let run = 0; run < count; run++) expect(await start(["true"]).ended).toEqual({ how: "exited", code: 0 });
  };
  await runMany(1);
  // The last guard is on its way out.
  const before = await vi.waitFor(() => {
    expect(listWraps()).not.toContain("ProcessWrap");
    return held();
  }, patience);
  await Promise.all(Array.from({ length: 10 }, () => runMany(quickRuns / 10)));
  await vi.waitFor(() => expect(held()).toEqual(before), patience);
});
