import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { describeSchedule } from "../contract/described.ts";
import { createStorage } from "../contract/provocations.ts";
import { databaseKinds } from "../support/database/database.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";

const schedules = "/ailbl/admin/schedules";
const sessions = "/ailbl/admin/sessions";

/** Behaviour of every entry. Tests that need a still clock, such as test/schedules/routes.test.ts, run on the server only. */
describe.each(databaseKinds)("schedules and sessions over HTTP, on %s", (kind) => {
  let app: TestApp;
  let storageId: string;
  let id: string;
  beforeAll(async () => {
    app = await createTestApp(kind);
    storageId = (await createStorage(app)).id;
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    id = (await create()).id;
  });

  const toBody = (changes: object = {}) => describeSchedule({ params: { storage_id: storageId }, ...changes });

  async function create(changes: object = {}) {
    const { status, body } = await app.request("POST", schedules, toBody(changes));
    expect(status, JSON.stringify(body)).toBe(201);
    return body;
  }

  test("a schedule is created, read, changed by its version and deleted", async () => {
    const created = await app.request("POST", schedules, toBody({ name: "größe 東京" }));
    const path = `${schedules}/${created.body.id}`;
    expect([created.headers.get("location"), created.headers.get("etag")]).toEqual([path, '"1"']);
    expect((await app.request("GET", path)).body).toEqual(created.body);
    const put = (ifMatch: string) =>
      app.request("PUT", path, { labels: { team: "eu" } }, { headers: { "if-match": ifMatch } });
    expect((await put('"1"')).body).toMatchObject({ version: 2, name: "größe 東京", labels: { team: "eu" } });
    expect(await put('"1"')).toMatchObject({ status: 412, body: { details: { version: 2 } } });
    expect(await app.request("DELETE", path)).toMatchObject({ status: 204, body: "" });
    expect((await app.request("GET", path)).body).toMatchObject({ error_code: "SCHEDULE_NOT_FOUND" });
  });

  test("a name is given to one of several concurrent creates, and an idempotency key creates one schedule", async () => {
    const names = ["once", "ONCE", "Once"];
    const answers = await Promise.all(names.map((name) => app.request("POST", schedules, toBody({ name }))));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const headers = { "idempotency-key": "once" };
    const body = toBody({ name: "by its key" });
    const first = await app.request("POST", schedules, body, { headers });
    const again = await app.request("POST", schedules, body, { headers });
    expect([again.status, again.body]).toEqual([201, first.body]);
  });

  test("a validation error lists every issue with its path", async () => {
    const wrong = { name: "", trigger: { type: "sunrise" }, policy: { spread_seconds: -5 } };
    const { status, body } = await app.request("POST", schedules, toBody(wrong));
    expect([status, body.error_code]).toEqual([400, "VALIDATION_ERROR"]);
    expect(body.details.issues.map(({ path }: { path: string }) => path)).toEqual(
      expect.arrayContaining(["/name", "/trigger/type", "/policy/spread_seconds"]),
    );
  });

  test("an operator disables a schedule with a note and enables it; a viewer may not", async () => {
    const path = `${schedules}/${id}/disable`;
    expect((await app.request("POST", path, {}, { role: "viewer" })).status).toBe(403);
    const disabled = await app.request("POST", path, { note: "broken disk" }, { role: "operator" });
    expect(disabled.body).toMatchObject({ enable: false, disabled: { note: "broken disk", by: "operator" } });
    const enabled = await app.request("POST", `${schedules}/${id}/enable`, {}, { role: "operator" });
    expect(enabled.body).toMatchObject({ enable: true, disabled: null, version: 3 });
  });

  test("a trigger creates a session, which has a history and can be canceled once", async () => {
    const triggered = await app.request("POST", `${schedules}/${id}/trigger`, undefined, { role: "operator" });
    const path = `${sessions}/${triggered.body.id}`;
    expect([triggered.status, triggered.headers.get("location")]).toEqual([201, path]);
    expect(triggered.body).toMatchObject({ state: "pending", cause: "manual", explanation: { waiting_on: "worker" } });
    expect((await app.request("GET", `${sessions}?schedule_id=${id}&state=pending`)).body.total).toBe(1);
    expect((await app.request("POST", `${path}/cancel`)).body).toMatchObject({ state: "canceled" });
    expect((await app.request("POST", `${path}/cancel`)).body).toMatchObject({
      error_code: "SESSION_STATE_CONFLICT",
      details: { state: "canceled" },
    });
    const { history } = (await app.request("GET", path)).body;
    expect(history.map(({ to }: { to: string }) => to)).toEqual(["pending", "canceled"]);
  });

  test("slots are previewed for a trigger and listed for a schedule", async () => {
    const trigger = { type: "cron", expression: "0 0/30 8 ? * MON-FRI", time_zone: "Europe/Berlin" };
    const asked = { trigger, from: "2026-11-27T07:10:00+01:00", count: 2 };
    expect((await app.request("POST", `${schedules}/preview`, asked)).body.next).toEqual([
      { slot: "2026-11-27T07:00:00.000Z" },
      { slot: "2026-11-27T07:30:00.000Z" },
    ]);
    const { body } = await app.request("GET", `${schedules}/${id}/slots?count=2`);
    expect(body.next.map(({ slot }: { slot: string }) => slot.slice(11))).toEqual(["03:00:00.000Z", "03:00:00.000Z"]);
  });

  test("pages of a list contain every schedule once", async () => {
    for (let index = 0; index < 4; index += 1) await create({ labels: { list: "paged" } });
    const ids: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const asked = `filter[label]=list:paged&size=2${cursor === "" ? "" : `&cursor=${cursor}`}`;
      const { body } = await app.request("GET", `${schedules}?${asked}`);
      ids.push(...body.data.map((schedule: { id: string }) => schedule.id));
      cursor = body.next_cursor;
    }
    expect([ids.length, new Set(ids).size]).toEqual([4, 4]);
  });

  test("a dry run of a bulk action changes nothing, and a storage lists its schedules as dependants", async () => {
    const schedule = await create({ labels: { bulk: "one" } });
    const action = { action: "disable", filter: { label: ["bulk:one"] }, dry_run: true };
    const { body } = await app.request("POST", `${schedules}/bulk`, action);
    expect(JSON.stringify(body)).toContain(schedule.id);
    expect((await app.request("GET", `${schedules}/${schedule.id}`)).body).toMatchObject({ enable: true });
    const dependants = await app.request("GET", `/eom/admin/storages/${storageId}/dependants`);
    expect(JSON.stringify(dependants.body)).toContain(id);
  });

  test("the engine is listed with its state and its jobs", async () => {
    const engines = await app.request("GET", "/ailbl/admin/engines", undefined, { role: "viewer" });
    expect(engines.body.data).toMatchObject([{ name: "local", state: "ok" }]);
    const jobs = await app.request("GET", "/ailbl/admin/engines/local/jobs", undefined, { role: "viewer" });
    expect(jobs.body.data.map(({ name }: { name: string }) => name)).toEqual(["inventory"]);
  });
});
