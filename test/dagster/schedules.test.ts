import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type RealDagster, startDagster } from "../support/dagster/dagster.ts";
import type { TestApp } from "../support/http/app.ts";
import { type HttpProxy, startHttpProxy } from "../support/http/http-proxy.ts";
import { partPatience } from "../support/time-limits.ts";
import { createAsking, type Session, startEom, toRunConfig, toSchedule } from "./asking.ts";

let dagster: RealDagster;
let proxy: HttpProxy;
let app: TestApp;
beforeAll(async () => {
  dagster = await startDagster();
  proxy = await startHttpProxy(dagster.url);
  app = await startEom(dagster, { EOM_DAGSTER_CONNECTIONS: JSON.stringify({ second: { url: proxy.url } }) });
});
afterAll(async () => {
  await app?.close();
  await proxy?.stop();
  await dagster?.stop();
});

const asking = createAsking(
  (...asked) => app.request(...asked),
  () => dagster,
);
const { ask, createSchedule, trigger, triggerAll, until, listRuns } = asking;

// Concurrent, since these tests mostly wait.
describe.concurrent("a schedule on a real Dagster", () => {
  test("that is due every few seconds runs by itself to success, and each session leads to its run's page", async () => {
    const expression = "*/3 * * * * *";
    const id = await createSchedule("ok", { trigger: { type: "cron", expression, time_zone: "UTC" } });
    const sessions = await untilSucceeded(id, 3);
    await ask(200, "POST", `/ailbl/admin/schedules/${id}/disable`, {});
    expect(new Set(sessions.map(({ slot }) => slot)).size).toBe(sessions.length);
    for (const session of sessions) {
      const [run, ...others] = await listRuns(session.id);
      expect(others).toEqual([]);
      expect(run).toMatchObject({ runId: session.run?.id, status: "SUCCESS" });
      expect(run?.tags).toMatchObject({ "eom/schedule_id": id, "eom/slot": toBasicTime(session.slot) });
      expect(session.run?.url).toBe(`${dagster.url}/runs/${run?.runId}`);
    }
    const page = await fetch(sessions[0]?.run?.url ?? "");
    expect([page.status, page.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/html")]);
  });

  test("whose job fails reports the exception and its step, and is retried as a new run", async () => {
    const id = await trigger("fail", { policy: { max_retries: 1, retry_delay_seconds: 1 } });
    const session = await until(id, {
      state: "failed",
      attempt: 2,
      error: { code: "RUN_FAILED", message: expect.stringContaining("No such scene"), step: "load" },
    });
    const runs = await listRuns(id);
    expect(runs).toMatchObject([
      { runId: session.run?.id, status: "FAILURE", tags: { "eom/attempt": "2", "dagster/max_retries": "0" } },
      { status: "FAILURE", tags: { "eom/attempt": "1", "dagster/max_retries": "0" } },
    ]);
    expect(session["history"].map(({ to }: { to: string }) => to)).toContain("retry_wait");
  });

  test("ends the run in Dagster when its session is canceled", async () => {
    const id = await trigger("hang");
    await until(id, { state: "running", run: { status: "running" } });
    await asking.cancel(id);
    const session = await until(id, { state: "canceled" });
    expect(await listRuns(id)).toMatchObject([{ runId: session.run?.id, status: "CANCELED" }]);
  });

  test("ends a run in Dagster that takes longer than max_runtime_seconds, and says why", async () => {
    const id = await trigger("hang", { policy: { max_runtime_seconds: 1 } });
    const session = await until(id, { state: "failed", error: { code: "MAX_RUNTIME_EXCEEDED" } });
    expect(await listRuns(id)).toMatchObject([{ runId: session.run?.id, status: "CANCELED" }]);
  });

  test("gives the job the run config as it was saved", async () => {
    await until(await trigger("configured", { params: toRunConfig(3) }), { state: "succeeded" });
  });

  test.for<[string, object, object]>([
    [
      "a run config that the job does not accept",
      toSchedule("configured", { params: toRunConfig("many") }),
      {
        path: "/params/run_config/ops/take/config/limit",
        code: "invalid_run_config",
        message: expect.stringContaining('Value "many" of type'),
      },
    ],
    [
      "a run config without a required field",
      toSchedule("configured", { params: { run_config: {} } }),
      {
        path: "/params/run_config",
        code: "invalid_run_config",
        message: expect.stringContaining('Missing required config entry "ops"'),
      },
    ],
    [
      "an unknown job",
      toSchedule("absent"),
      {
        path: "/job/name",
        code: "unknown_job",
        message: expect.stringContaining("'absent' is not known, there is 'configured'"),
      },
    ],
    [
      "an unknown code location",
      toSchedule("ok", { job: { location: "absent", repository: null, name: "ok" } }),
      { path: "/job/location", code: "unknown_job", message: expect.stringContaining("there is 'pipelines', 'jobs'") },
    ],
    [
      "an unknown repository",
      toSchedule("ok", { job: { location: "jobs", repository: "absent", name: "ok" } }),
      { path: "/job/repository", code: "unknown_job", message: expect.stringContaining("there is '__repository__'") },
    ],
  ])("is refused with %s, with Dagster's message at its place", async ([, schedule, issue]) => {
    const { error_code, details } = await ask(400, "POST", "/ailbl/admin/schedules", schedule);
    expect([error_code, details.issues]).toEqual(["VALIDATION_ERROR", [expect.objectContaining(issue)]]);
  });

  test("of two connections runs on its own; if that is down its sessions wait, and those of the other go on", async () => {
    const [first, second] = [await createSchedule("ok"), await createSchedule("ok", { engine: "second" })];
    const run = async (scheduleId: string) => (await triggerAll(scheduleId, 1))[0]?.id ?? "";
    const [firstSession, secondSession] = [await run(first), await run(second)];
    await until(firstSession, {
      state: "succeeded",
      run: { engine: "dagster", url: expect.stringContaining(dagster.url) },
    });
    await until(secondSession, {
      state: "succeeded",
      run: { engine: "second", url: expect.stringContaining(proxy.url) },
    });

    await proxy.stop();
    const waiting = await run(second);
    await until(waiting, { state: "pending", explanation: { waiting_on: "engine" } });
    await until(await run(first), { state: "succeeded" });
    expect(await asking.find(waiting)).toMatchObject({ state: "pending", attempt: 1, run: { id: null } });
    expect(await listRuns(waiting)).toEqual([]);
    const { data } = await ask(200, "GET", "/ailbl/admin/engines");
    expect(data).toContainEqual(expect.objectContaining({ name: "dagster", state: "ok" }));
    expect(data).toContainEqual(
      expect.objectContaining({
        name: "second",
        state: "failing",
        detail: expect.stringContaining("cannot be reached"),
      }),
    );
  });
});

function untilSucceeded(scheduleId: string, count: number): Promise<Session[]> {
  const list = async () => {
    const path = `/ailbl/admin/sessions?schedule_id=${scheduleId}&state=succeeded`;
    const { data } = await ask(200, "GET", path);
    expect(data.length).toBeGreaterThanOrEqual(count);
    return data;
  };
  return vi.waitFor(list, partPatience);
}

/** Such as 20261123T100000Z. */
function toBasicTime(time: string): string {
  return time.replace(/[-:]|\.\d+/g, "");
}
