import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { WorkerFunctionName } from "../../src/fission/table.ts";
import { type FakeDagster, startFakeDagster } from "../engines/dagster/fake-dagster.ts";
import { createFissionApp, type FissionApp } from "../support/fission/app.ts";
import { patience } from "../support/time-limits.ts";

let folder: string;
let dagster: FakeDagster;
let app: FissionApp;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "eom-functions-"));
  const jobsFile = join(folder, "jobs.json");
  const toJob = (name: string, script: string) => ({ name, command: ["/bin/sh", "-c", script] });
  await writeFile(jobsFile, JSON.stringify({ jobs: [toJob("echo", "echo '{}'"), toJob("hang", "sleep 600")] }));
  dagster = await startFakeDagster();
  app = await createFissionApp("prefix", { EOM_DAGSTER_URL: dagster.url, EOM_JOBS_FILE: jobsFile });
});
beforeEach(() => dagster.behave());
afterAll(async () => {
  await app.close();
  await dagster.stop();
  await rm(folder, { recursive: true, force: true });
});

const schedules = "/ailbl/admin/schedules";
const onDagster = { engine: "dagster", job: { location: "pipelines", repository: null, name: "ok" } };

async function trigger(name: string, fields: object): Promise<string> {
  const body = { name, kind: 1, enable: false, trigger: { type: "cron", expression: "0 3 * * *" }, ...fields };
  const made = await app.request("POST", schedules, body);
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  return (await app.request("POST", `${schedules}/${made.body.id}/trigger`)).body.id;
}

async function tick(name: WorkerFunctionName) {
  const { status, body } = await app.fission.tick(`eom-${name}`);
  const report = JSON.parse(body.toString());
  expect(status, JSON.stringify(report)).toBe(200);
  return report;
}

const find = async (id: string) => (await app.request("GET", `/ailbl/admin/sessions/${id}`)).body;

const becomes = (id: string, state: string) =>
  vi.waitFor(async () => expect((await find(id)).state).toBe(state), patience);

test.each<[string, readonly WorkerFunctionName[]]>([
  ["as picker and poller", ["worker-session-picker", "worker-session-poller"]],
  [
    "as picker and poller with sweeps in between",
    ["worker-session-picker", "worker-sweep", "worker-session-poller", "worker-sweep"],
  ],
])("a session on Dagster ends when its functions are called %s", async (name, functions) => {
  const id = await trigger(name, onDagster);
  for (let round = 0; round < 4; round += 1) {
    for (const worker of functions) await tick(worker);
    dagster.work();
  }
  expect(await find(id)).toMatchObject({ state: "succeeded", attempt: 1 });
});

test("a run in the picker's pod delays no other run, and ends after the call's answer", async () => {
  const long = await trigger("long", { job: { name: "hang" } });
  expect(await tick("worker-session-picker")).toMatchObject({ skipped: false, done: { pick: { launched: 1 } } });
  const quick = await trigger("quick", { job: { name: "echo" } });
  const elsewhere = await trigger("elsewhere", onDagster);
  expect(await tick("worker-session-picker")).toMatchObject({ skipped: false, done: { pick: { launched: 2 } } });
  await becomes(quick, "succeeded");
  for (let round = 0; round < 3; round += 1) {
    await tick("worker-session-poller");
    dagster.work();
  }
  await tick("worker-session-poller");
  expect(await find(elsewhere)).toMatchObject({ state: "succeeded" });
  expect(await find(long)).toMatchObject({ state: "running" });
  await app.request("POST", `/ailbl/admin/sessions/${long}/cancel`);
  await becomes(long, "canceled");
});

test("of two overlapping ticks the second is answered at once, while the first waits for an engine", async () => {
  const released = Promise.withResolvers<void>();
  const launching = Promise.withResolvers<void>();
  dagster.misbehave(
    async ({ response, handle }) => {
      launching.resolve();
      await released.promise;
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify((await handle()).body));
    },
    { operation: "LaunchRun", times: 1 },
  );
  await trigger("slow", onDagster);
  const first = tick("worker-session-picker");
  await launching.promise;
  expect(await tick("worker-session-picker")).toEqual({ function: "worker-session-picker", skipped: true });
  released.resolve();
  expect(await first).toMatchObject({ skipped: false, done: { pick: { launched: 1 } } });
  expect(await tick("worker-session-picker")).toMatchObject({ skipped: false });
});
