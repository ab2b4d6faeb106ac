import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { toJobsUser } from "../../src/compose/engines.ts";
import type { RunStatus } from "../../src/engines/engine.ts";
import { createLocalEngine } from "../../src/engines/local/engine.ts";
import { type DeclaredJob, readJobsFile } from "../../src/engines/local/jobs-file.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { readConfig } from "../../src/platform/config/config.ts";
import { toRequest } from "../engines/suite.ts";
import { createCounter, createTestLog, nodeJob } from "../scheduler/world.ts";
import { patience } from "../support/time-limits.ts";
import cases from "./local-jobs.json" with { type: "json" };

/** Inputs that runners of jobs get, with the outcome that EOM wants. `fair-1` is in test/scheduler/order.test.ts. */
function findCase(id: string) {
  const row = cases.find((each) => each.id === id);
  if (row === undefined) throw new Error(`no case ${id}`);
  // biome-ignore lint/suspicious/noExplicitAny: each case has fields of its own.
  return row as any;
}

const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65534, gid: 65534 };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "eom-cases-"));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a job to its end in an engine of its own. */
async function run(job: DeclaredJob, more: { user?: typeof nobody; graceSeconds?: number } = {}) {
  const ended = createCounter();
  const { log } = createTestLog();
  const engine = createLocalEngine({
    jobs: [job],
    builtIns: [],
    clock: systemClock,
    log,
    path: process.env["PATH"] ?? "",
    maxRuns: 1,
    launchesPerSecond: null,
    graceSeconds: 5,
    onRunEnded: ended.add,
    ...more,
  });
  const launched = await engine.launch(toRequest(job.name));
  if (launched.outcome !== "launched") throw new Error(JSON.stringify(launched));
  await ended.until(1);
  const status = (await engine.status([launched.runId])).get(launched.runId);
  await engine.close();
  return status as Extract<RunStatus, { endedAt: Date }>;
}

describe("the result of a job", () => {
  test("is not kept when it is nested deeper than clients can read", async () => {
    const { input, expected } = findCase("result-depth-1");
    expect(input.stdout_last_line).toContain("1000");
    const line = `{"a": ${"[".repeat(1000)}${"]".repeat(1000)}}`;
    const { state, result } = await run(nodeJob("deep", `console.log(${JSON.stringify(line)})`));
    expect(`result ${JSON.stringify(result)}`).toBe(expected.either);
    expect(state).toBe("succeeded");
  });

  test("is not kept with an integer that would be rounded; as text it is exact", async () => {
    const { input, expected } = findCase("result-number-1");
    const print = (line: string) => nodeJob("print", `console.log(${JSON.stringify(line)})`);
    expect((await run(print(input.stdout_last_line))).result).toBeNull();
    const asText = input.stdout_last_line.replace(/(\d+)/, '"$1"');
    const exact = expected.either["result.id"].split(" ")[0];
    expect((await run(print(asText))).result).toEqual({ id: exact });
  });
});

describe("the jobs file", () => {
  test("may begin with a byte order mark", async () => {
    expect(findCase("bom-1").expected.either).toBe("accepted");
    const file = join(folder, "jobs.json");
    await writeFile(file, `\uFEFF${JSON.stringify({ jobs: [{ name: "ok", command: ["true"] }] })}`);
    expect(readJobsFile(file, [])).toMatchObject([{ name: "ok" }]);
  });

  test("in another encoding than UTF-8 is refused with the encoding that is expected", async () => {
    const file = join(folder, "jobs.json");
    await writeFile(file, Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('{"jobs": []}', "utf16le")]));
    expect(() => readJobsFile(file, [])).toThrow("is not UTF-8: save it as UTF-8");
  });
});

test("a run whose processes EOM may not signal ends with the reason of its end, and says that it may go on", async () => {
  const { expected } = findCase("unsignalable-1");
  const kill = process.kill.bind(process);
  vi.spyOn(process, "kill").mockImplementation(() => {
    throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
  });
  const job = nodeJob("sudo", "console.log(process.pid); setInterval(() => {}, 1000)", { timeout_seconds: 1 });
  const { state, error, output } = await run(job, { graceSeconds: 0.1 });
  kill(Number(output?.text), "SIGKILL");
  expect(expected.session).toContain(`${state}/${error?.code}`);
  expect(error?.message).toContain("EPERM");
});

/** Reads the environment and a file of the process that started it. */
const spy = `
  const { readFileSync, readdirSync } = require("node:fs");
  const attempt = (read) => { try { return String(read()); } catch (error) { return error.code; } };
  console.log(JSON.stringify({
    environment: attempt(() => readFileSync("/proc/" + process.ppid + "/environ")),
    memory: attempt(() => readFileSync("/proc/" + process.ppid + "/mem")),
    files: attempt(() => readdirSync("/proc/" + process.ppid + "/fd")),
    data: attempt(() => readdirSync(process.env.FOLDER)),
    uid: process.getuid(), groups: process.getgroups(),
  }));`;

test.skipIf(!isRoot)("a job of another user reads neither EOM's environment nor its data folder", async () => {
  expect(findCase("proc-1").expected.either).toContain("other user");
  await chmod(folder, 0o700);
  const job = { ...nodeJob("spy", spy), command: await copyNode(["-e", spy]), environment: { FOLDER: folder } };
  const { result } = await run(job, { user: nobody });
  expect(result).toEqual({
    environment: "EACCES",
    memory: "EACCES",
    files: "EACCES",
    data: "EACCES",
    uid: nobody.uid,
    groups: [nobody.gid],
  });
});

test("EOM_JOBS_USER is refused where EOM may not start processes of another user", () => {
  const getuid = vi.spyOn(process, "getuid").mockReturnValue(1000);
  const config = readConfig({ EOM_JOBS_USER: "65534" }, []);
  expect(() => toJobsUser(config)).toThrow("EOM_JOBS_USER is set, and EOM does not run as root");
  getuid.mockReturnValue(0);
  expect(toJobsUser(config)).toEqual(nobody);
});

/** The user of the job may not be allowed to enter the folder of the checkout. */
async function copyNode(args: readonly string[]): Promise<string[]> {
  const open = await mkdtemp(join(tmpdir(), "eom-node-"));
  onTestFinished(() => rm(open, { recursive: true }));
  await chmod(open, 0o755);
  execFileSync("cp", [process.execPath, join(open, "node")]);
  return [join(open, "node"), ...args];
}

/** Six daemons, each of which leaves its job's process group and ends after a second. */
const daemons = `for each in 1 2 3 4 5 6; do setsid sh -c 'sleep 1' > /dev/null 2>&1 < /dev/null & done; exit 0`;

/** Waits until the daemons have ended, and counts the zombies of the namespace. */
const count = `
  const { readdirSync, readFileSync } = require("node:fs");
  const list = () => readdirSync("/proc").filter((name) => /^\\d+$/.test(name)).flatMap((pid) => {
    try { return [/\\((.*)\\) (.)/.exec(readFileSync("/proc/" + pid + "/stat", "latin1")).slice(1)]; } catch { return []; }
  });
  const look = () => {
    const processes = list();
    if (processes.some(([name, state]) => name === "sleep" && state !== "Z")) return setTimeout(look, 20);
    console.log(JSON.stringify({ zombies: processes.filter(([, state]) => state === "Z").length, eom: process.ppid }));
  };
  look();`;

test.skipIf(!canUnshare())("EOM as process 1 leaves no zombie of a job's daemons, and stops at SIGTERM", async () => {
  const { expected } = findCase("zombie-1");
  const jobs = [
    { name: "daemons", command: ["/bin/sh", "-c", daemons] },
    { name: "count", command: [process.execPath, "-e", count] },
  ];
  await writeFile(join(folder, "jobs.json"), JSON.stringify({ jobs }));
  const { url, stop } = await startAsProcessOne();
  const [runDaemons, runCount] = [await createJobRunner(url, "daemons"), await createJobRunner(url, "count")];
  expect((await runDaemons()).state).toBe("succeeded");
  // Process 1 may not have had its turn yet.
  const countZombies = async () => (await runCount()).run.result.zombies;
  await expect.poll(countZombies, patience).toBe(expected.zombies_with_parent_eom);
  expect((await runCount()).run.result.eom).not.toBe(1);
  expect(await stop()).toBe(0);
});

function canUnshare(): boolean {
  try {
    execFileSync("unshare", ["--pid", "--fork", "--mount-proc", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const token = "token-of-the-cases-of-jobs";

async function startAsProcessOne() {
  const main = join(import.meta.dirname, "../../src/main.ts");
  const command = ["--pid", "--fork", "--mount-proc", "--kill-child", process.execPath, main, "start"];
  const child = spawn("unshare", command, {
    env: {
      PATH: process.env["PATH"],
      EOM_DATA_DIR: join(folder, "data"),
      EOM_JOBS_FILE: join(folder, "jobs.json"),
      EOM_ADMIN_TOKEN: token,
      EOM_PORT: "0",
      EOM_LOG_LEVEL: "warn",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let url = "";
  for await (const line of createInterface({ input: child.stdout })) {
    url ||= /API +(\S+)/.exec(line)?.[1] ?? "";
    if (line.includes("workers ")) break;
  }
  child.stdout.resume();
  const stop = async () => {
    const exited = once(child, "exit");
    const inner = execFileSync("ps", ["-o", "pid=", "--ppid", String(child.pid)], { encoding: "utf8" }).trim();
    process.kill(Number(inner), "SIGTERM");
    return (await exited)[0];
  };
  return { url, stop };
}

/** Creates a schedule of the job. @returns a function that runs it, and returns its session when that has ended */
async function createJobRunner(url: string, name: string) {
  const ask = async (path: string, body?: object) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const init = body === undefined ? { headers } : { headers, method: "POST", body: JSON.stringify(body) };
    // biome-ignore lint/suspicious/noExplicitAny: the body of any answer.
    return (await (await fetch(`${url}/ailbl/admin/${path}`, init)).json()) as any;
  };
  const trigger = { type: "cron", expression: "0 0 1 1 *" };
  const schedule = await ask("schedules", { name, kind: 1, trigger, job: { name } });
  return async () => {
    const { id } = await ask(`schedules/${schedule.id}/trigger`, {});
    await vi.waitUntil(async () => (await ask(`sessions/${id}`)).ended !== null, { ...patience, interval: 50 });
    return ask(`sessions/${id}`);
  };
}
