import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { composeProgram, type Program } from "../../src/compose/program.ts";
import { readConfig } from "../../src/platform/config/config.ts";
import { createLogger } from "../../src/platform/log.ts";
import { type Announcements, listenForJobs } from "./announcing-jobs.ts";

const mainFile = join(import.meta.dirname, "../../src/main.ts");
/** Supervisors kill after 30 s; a stop takes a part of a second where a run obeys SIGTERM. */
const stopSeconds = 25;
const goneSeconds = 60;
const token = "token-of-the-restart-test";
const authorization = `Bearer ${token}`;

let folder: string;
let environment: Record<string, string>;
let announcements: Announcements;
let children: ChildProcess[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "eom-restart-"));
  announcements = await listenForJobs(folder);
  environment = {
    EOM_DATA_DIR: join(folder, "data"),
    EOM_JOBS_FILE: join(folder, "jobs.json"),
    EOM_ADMIN_TOKEN: token,
    EOM_PORT: "0",
    EOM_LOG_LEVEL: "warn",
    EOM_LOG_FORMAT: "json",
  };
  await writeFile(join(folder, "jobs.json"), JSON.stringify({ jobs: [announcements.job] }));
  children = [];
});
afterEach(async () => {
  for (const child of children) await end(child, "SIGKILL");
  await announcements.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Starts `eom start` and waits for its banner. */
async function start(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [mainFile, "start"], {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  let url = "";
  for await (const line of createInterface({ input: child.stdout })) {
    url ||= /API +(\S+)/.exec(line)?.[1] ?? "";
    if (line.includes("workers ")) break;
  }
  child.stdout.resume();
  return { child, url };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return [child.exitCode, child.signalCode];
  const gone = once(child, "exit");
  child.kill(signal);
  return gone;
}

async function createSchedule(url: string): Promise<string> {
  const response = await fetch(`${url}/ailbl/admin/schedules`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({
      name: "every second",
      kind: 1,
      trigger: { type: "cron", expression: "* * * * * *" },
      job: { name: "announce" },
    }),
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

test("a killed process loses its run and nothing else; a process that is asked to stop ends its run and records that", async () => {
  const killed = await start();
  const scheduleId = await createSchedule(killed.url);
  const lost = await announcements.next();
  await end(killed.child, "SIGKILL");
  // After the kill only the run's guard could end it.
  await requireGone(lost);

  const stopped = await start();
  const last = await announcements.next();
  expect(last[0].slot > lost[0].slot).toBe(true);
  const askedAt = performance.now();
  expect(await end(stopped.child, "SIGTERM")).toEqual([0, null]);
  expect(performance.now() - askedAt).toBeLessThan(stopSeconds * 1000);
  await requireGone(last);

  const program = await composeProgram(readConfig(environment, []), createLogger({ level: "silent", format: "json" }));
  await expectEnded(program, lost[0].sessionId, {
    code: "RUN_LOST",
    message: "The EOM process that ran it ended before the run did; its work may be half done",
  });
  await expectEnded(program, last[0].sessionId, {
    code: "ENGINE_STOPPED",
    message: "EOM was stopped while the job ran, and ended it",
  });
  await expectEverySlotOnce(program, scheduleId);
  await program.close();
});

/** @throws with the processes that are still there after a while */
async function requireGone(announced: Awaited<ReturnType<Announcements["next"]>>): Promise<void> {
  const late = new AbortController();
  const patience = delay(goneSeconds * 1000, undefined, { signal: late.signal }).then(() => {
    const processes = execFileSync("ps", ["-eo", "pid,ppid,pgid,stat,wchan:20,args"], { encoding: "utf8" });
    const left = processes.split("\n").filter((line) => /eom-run-guard|ANNOUNCE_TO|src\/main\.ts/.test(line));
    throw new Error(
      `A run is still there after ${goneSeconds} s:\n${left.map((line) => line.slice(0, 160)).join("\n")}`,
    );
  });
  await Promise.race([Promise.all(announced.map(({ gone }) => gone)), patience]);
  late.abort();
  await patience.catch(() => {});
}

// biome-ignore lint/suspicious/noExplicitAny: read by path
async function ask(program: Program, path: string): Promise<any> {
  const response = await program.app.request(path, { headers: { authorization } });
  return response.json();
}

async function expectEnded(program: Program, sessionId: string, error: { code: string; message: string }) {
  const session = await ask(program, `/ailbl/admin/sessions/${sessionId}`);
  expect(session).toMatchObject({ state: "failed", attempt: 1, error, ended: expect.any(String) });
  expect(session.explanation.sentence).toContain(error.message);
}

/** Each second between the first and the last slot has one session, or is recorded as skipped with a reason. */
async function expectEverySlotOnce({ database }: Program, scheduleId: string): Promise<void> {
  const { rows } = await sql<{ slot: Date; times: number }>`
    with taken as (
      select slot from ailbl_session where schedule_id = ${scheduleId} and cause = 'slot'
      union all
      select generate_series(first_slot, last_slot, interval '1 second') from ailbl_skipped_slots
      where schedule_id = ${scheduleId})
    select slot, count(*)::int as times from taken group by slot order by slot`.execute(database.db);
  const first = rows[0]?.slot.getTime() ?? 0;
  expect(rows).toEqual(rows.map((_, index) => ({ slot: new Date(first + index * 1000), times: 1 })));
  expect(rows.length).toBeGreaterThan(2);
  const { rows: schedules } = await sql<{ due: Date }>`select next_due_at as due from ailbl_schedule`.execute(
    database.db,
  );
  expect(schedules).toEqual([{ due: new Date(first + rows.length * 1000) }]);
}
