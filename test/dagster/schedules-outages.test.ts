import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type RealDagster, startDagster } from "../support/dagster/dagster.ts";
import { createPart, type DagsterPart } from "../support/dagster/dagster-part.ts";
import type { TestApp } from "../support/http/app.ts";
import { partPatience } from "../support/time-limits.ts";
import { createAsking, startEom, toRunConfig } from "./asking.ts";

let dagster: RealDagster;
let app: TestApp;
beforeAll(async () => {
  dagster = await startDagster({ daemon: false });
  app = await startEom(dagster);
});
afterAll(async () => {
  await app?.close();
  await dagster?.stop();
});

const { ask, createSchedule, trigger, triggerAll, find, cancel, until, listRuns } = createAsking(
  (...asked) => app.request(...asked),
  () => dagster,
);

// First, before the daemon has ever run: Dagster reports a killed daemon as healthy for half an hour.
describe("while Dagster's daemon does not run", () => {
  test("doctor and the list of engines report it", async () => {
    await expectEngine("failing", /Dagster's daemon does not work.*check that dagster-daemon runs/);
  });

  test("the run of a canceled session is canceled in the queue, and a run that timed out does not start later", async () => {
    const canceled = await trigger("ok");
    await until(canceled, { state: "running", explanation: { waiting_on: "engine" } });
    await cancel(canceled);
    const [late, patient] = [await trigger("ok", { policy: { launch_timeout_seconds: 1 } }), await trigger("ok")];
    await until(canceled, { state: "canceled" });
    await until(late, { state: "failed", error: { code: "LAUNCH_TIMED_OUT" } });

    await dagster.daemon.start();
    // It was launched after the others, and the queue is in order of age.
    await until(patient, { state: "succeeded" });
    for (const id of [canceled, late])
      expect(await listRuns(id)).toMatchObject([{ runId: (await find(id)).run?.id, status: "CANCELED" }]);
    await expectEngine("ok", /^Dagster [\d.]+ at .*, 2 code locations/);
  });
});

describe("a schedule that was saved unchecked while Dagster was down", () => {
  let badConfig: string;
  let unknownJob: string;
  beforeAll(async () => {
    await dagster.webserver.kill();
    await expectEngine("failing", /cannot be reached \(ECONNREFUSED\): check that dagster-webserver runs/);
    badConfig = await createSchedule("configured", { params: toRunConfig("many") });
    unknownJob = await createSchedule("absent");
    await dagster.webserver.start();
  });

  test("fails with Dagster's message if its run config is refused at the launch", async () => {
    const [session] = await triggerAll(badConfig, 1);
    const message = expect.stringMatching(/root:ops:take:config:limit.*"many"/);
    await until(session?.id ?? "", { state: "failed", attempt: 1, error: { code: "RUN_CONFIG_INVALID", message } });
    expect(await listRuns(session?.id ?? "")).toEqual([]);
  });

  test("waits for its job, and says so, if Dagster does not find it", async () => {
    const [session] = await triggerAll(unknownJob, 1);
    const id = session?.id ?? "";
    await until(id, { state: "pending", attempt: 1, explanation: { waiting_on: "engine" } });
    const countAsked = async () =>
      (await find(id))["history"].filter(({ cause }: { cause: string }) => cause === "job_unknown").length;
    await expect.poll(countAsked, partPatience).toBeGreaterThanOrEqual(2);
    const sentence = expect.stringContaining("could not launch it since");
    expect(await find(id)).toMatchObject({ state: "pending", run: { id: null }, explanation: { sentence } });
    await cancel(id);
    await until(id, { state: "canceled" });
  });
});

describe("a session whose code location", () => {
  test("is down waits until it is up again, and then has one run", async () => {
    const scheduleId = await createSchedule("ok");
    await dagster.jobs.kill();
    const [session] = await triggerAll(scheduleId, 1);
    const id = session?.id ?? "";
    await until(id, { state: "pending", explanation: { waiting_on: "engine" } });
    expect(await listRuns(id)).toEqual([]);
    await dagster.jobs.start();
    const { run } = await until(id, { state: "succeeded", attempt: 1 });
    expect(await listRuns(id)).toMatchObject([{ runId: run?.id, status: "SUCCESS", tags: { "eom/session_id": id } }]);
  });

  test("is broken waits until it is repaired, and doctor names the location", async () => {
    const scheduleId = await createSchedule("ok");
    await dagster.jobs.kill();
    const broken = await createBrokenLocation("jobs");
    await broken.start();
    try {
      await vi.waitFor(() => expectEngine("failing", /cannot load its code location 'jobs': \w+/), partPatience);
      const { data } = await ask(200, "GET", "/ailbl/admin/engines/dagster/locations");
      expect(data).toContainEqual({ name: "jobs", state: "failed", detail: expect.any(String) });
      const [session] = await triggerAll(scheduleId, 1);
      await until(session?.id ?? "", { state: "pending", explanation: { waiting_on: "engine" } });
      await broken.kill();
      await dagster.jobs.start();
      await until(session?.id ?? "", { state: "succeeded", attempt: 1 });
    } finally {
      await broken.kill();
    }
  });
});

/** Expects the same report from doctor and from the list of engines. */
async function expectEngine(state: "ok" | "failing", detail: RegExp): Promise<void> {
  const { status, checks } = await ask(200, "GET", "/eom/admin/doctor");
  const expectedStatus = state === "ok" ? "ok" : "failed";
  expect(checks).toContainEqual({
    check: "engine dagster",
    status: expectedStatus,
    message: expect.stringMatching(detail),
  });
  expect(status).toBe(expectedStatus);
  const { data } = await ask(200, "GET", "/ailbl/admin/engines");
  expect(data).toContainEqual(
    expect.objectContaining({ name: "dagster", state, detail: expect.stringMatching(detail) }),
  );
}

/** Creates a code location that serves, and reports that its code raises. Replaces another of this name. */
async function createBrokenLocation(name: string): Promise<DagsterPart> {
  await writeFile(join(dagster.home, "broken.py"), 'raise Exception("No such table")\n');
  const socket = join(dagster.home, `${name}.sock`);
  const args = ["api", "grpc", "--lazy-load-user-code", "--socket", socket, "--location-name", name];
  return createPart("Dagster's broken code location", "dagster", [...args, "-m", "broken", "-d", dagster.home], {
    environment: { DAGSTER_HOME: dagster.home, PATH: process.env["PATH"] ?? "", PYTHONDONTWRITEBYTECODE: "1" },
    // The test itself waits until Dagster has seen it.
    isReady: async () => true,
  });
}
