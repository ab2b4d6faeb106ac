import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { describeSchedule } from "../contract/described.ts";
import { createStorage } from "../contract/provocations.ts";
import { databaseKinds } from "../support/database/database.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";

const schedules = "/ailbl/admin/schedules";
const sessions = "/ailbl/admin/sessions";

/** What needs no clock of a test's own, and so holds for every entry; routes.test.ts has the rest, of the server alone. */
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

  const describeOne = (changes: object = {}) => describeSchedule({ params: { storage_id: storageId }, ...changes });

  async function create(changes: object = {}) {
    const { status, body } = await app.request("POST", schedules, describeOne(changes));
    expect(status, JSON.stringify(body)).toBe(201);
    return body;
  }

  test("a schedule is made, read, changed by its version and deleted", async () => {
    const made = await app.request("POST", schedules, describeOne({ name: "größe 東京" }));
    const path = `${schedules}/${made.body.id}`;
    expect([made.headers.get("location"), made.headers.get("etag")]).toEqual([path, '"1"']);
    expect((await app.request("GET", path)).body).toEqual(made.body);
    const put = (ifMatch: string) =>
      app.request("PUT", path, { labels: { team: "eu" } }, { headers: { "if-match": ifMatch } });
    expect((await put('"1"')).body).toMatchObject({ version: 2, name: "größe 東京", labels: { team: "eu" } });
    expect(await put('"1"')).toMatchObject({ status: 412, body: { details: { version: 2 } } });
    expect(await app.request("DELETE", path)).toMatchObject({ status: 204, body: "" });
    expect((await app.request("GET", path)).body).toMatchObject({ error_code: "SCHEDULE_NOT_FOUND" });
  });

  test("a name is there once, also when many ask for it at a time; a create with the same key is one", async () => {
    const names = ["once", "ONCE", "Once"];
    const told = await Promise.all(names.map((name) => app.request("POST", schedules, describeOne({ name }))));
    expect(told.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const headers = { "idempotency-key": "once" };
    const body = describeOne({ name: "by its key" });
    const first = await app.request("POST", schedules, body, { headers });
    const again = await app.request("POST", schedules, body, { headers });
    expect([again.status, again.body]).toEqual([201, first.body]);
  });

  test("what is wrong is told at once, by its path", async () => {
    const wrong = { name: "", trigger: { type: "sunrise" }, policy: { spread_seconds: -5 } };
    const { status, body } = await app.request("POST", schedules, describeOne(wrong));
    expect([status, body.error_code]).toEqual([400, "VALIDATION_ERROR"]);
    expect(body.details.issues.map(({ path }: { path: string }) => path)).toEqual(
      expect.arrayContaining(["/name", "/trigger/type", "/policy/spread_seconds"]),
    );
  });

  test("it is disabled with a note, and enabled, by an operator and by no viewer", async () => {
    const path = `${schedules}/${id}/disable`;
    expect((await app.request("POST", path, {}, { role: "viewer" })).status).toBe(403);
    const disabled = await app.request("POST", path, { note: "broken disk" }, { role: "operator" });
    expect(disabled.body).toMatchObject({ enable: false, disabled: { note: "broken disk", by: "operator" } });
    const enabled = await app.request("POST", `${schedules}/${id}/enable`, {}, { role: "operator" });
    expect(enabled.body).toMatchObject({ enable: true, disabled: null, version: 3 });
  });

  test("it is triggered, which makes a session that tells its life and takes one cancel", async () => {
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

  test("slots are previewed for a trigger, and told of a schedule", async () => {
    const trigger = { type: "cron", expression: "0 0/30 8 ? * MON-FRI", time_zone: "Europe/Berlin" };
    const asked = { trigger, from: "2026-11-27T07:10:00+01:00", count: 2 };
    expect((await app.request("POST", `${schedules}/preview`, asked)).body.next).toEqual([
      { slot: "2026-11-27T07:00:00.000Z" },
      { slot: "2026-11-27T07:30:00.000Z" },
    ]);
    const { body } = await app.request("GET", `${schedules}/${id}/slots?count=2`);
    expect(body.next.map(({ slot }: { slot: string }) => slot.slice(11))).toEqual(["03:00:00.000Z", "03:00:00.000Z"]);
  });

  test("a list is read a page at a time, without losing or repeating one", async () => {
    for (let index = 0; index < 4; index += 1) await create({ labels: { list: "paged" } });
    const ids: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const asked = `filter[label]=list:paged&size=2${cursor === "" ? "" : `&cursor=${cursor}`}`;
      const { body } = await app.request("GET", `${schedules}?${asked}`);
      ids.push(...body.data.map((one: { id: string }) => one.id));
      cursor = body.next_cursor;
    }
    expect([ids.length, new Set(ids).size]).toEqual([4, 4]);
  });

  test("one action on many is tried first, and a storage tells which schedules want it", async () => {
    const one = await create({ labels: { bulk: "one" } });
    const action = { action: "disable", filter: { label: ["bulk:one"] }, dry_run: true };
    const { body } = await app.request("POST", `${schedules}/bulk`, action);
    expect(JSON.stringify(body)).toContain(one.id);
    expect((await app.request("GET", `${schedules}/${one.id}`)).body).toMatchObject({ enable: true });
    const dependants = await app.request("GET", `/eom/admin/storages/${storageId}/dependants`);
    expect(JSON.stringify(dependants.body)).toContain(id);
  });

  test("the engine is told, with its state and its jobs", async () => {
    const engines = await app.request("GET", "/ailbl/admin/engines", undefined, { role: "viewer" });
    expect(engines.body.data).toMatchObject([{ name: "local", state: "ok" }]);
    const jobs = await app.request("GET", "/ailbl/admin/engines/local/jobs", undefined, { role: "viewer" });
    expect(jobs.body.data.map(({ name }: { name: string }) => name)).toEqual(["inventory"]);
  });
});
