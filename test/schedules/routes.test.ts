import { sql } from "kysely";
import { expect } from "vitest";
import { createSchedulerRoutes } from "../../src/compose/scheduler.ts";
import { createOpenApiDocument } from "../../src/platform/http/document/document.ts";
import { tick } from "../../src/scheduler/tick.ts";
import { defaultPolicy } from "../../src/schedules/policy.ts";
import type { Api } from "../scheduler/api.ts";
import { describeOnDatabases } from "../scheduler/fixtures.ts";
import { notAborted } from "../scheduler/world.ts";

const schedules = "/schedules";
const sessions = "/sessions";

interface RouteFixtures {
  /** Creates a schedule of every minute with these fields, and returns the answer's body. */
  readonly create: (fields?: Record<string, unknown>) => Promise<Awaited<ReturnType<Api>>["body"]>;
}

describeOnDatabases("the scheduler's API", (base) => {
  const minutely = {
    name: "Nightly",
    kind: 1,
    trigger: { type: "cron", expression: "* * * * *" },
    job: { name: "ok" },
  };

  const test = base.extend<RouteFixtures>({
    create: async ({ ask }, use) => {
      await use(async (fields = {}) => {
        const { body, status } = await ask("POST", schedules, { ...minutely, ...fields });
        expect(body, JSON.stringify(body)).toMatchObject({ id: expect.any(String) });
        expect(status).toBe(201);
        return body;
      });
    },
  });

  test("creates a schedule with every default, and reads it back", async ({ ask }) => {
    const { status, headers, body } = await ask("POST", schedules, minutely);
    expect(status).toBe(201);
    expect(headers.get("location")).toBe(`/ailbl/admin/schedules/${body.id}`);
    expect(headers.get("etag")).toBe('"1"');
    expect(body).toMatchObject({
      name: "Nightly",
      description: null,
      kind: 1,
      enable: true,
      owner: "ada",
      labels: {},
      trigger: { type: "cron", expression: "* * * * *", time_zone: "UTC" },
      job: { location: null, repository: null, name: "ok" },
      params: { run_config: {}, tags: {} },
      policy: {
        overlap: "skip",
        misfire: "latest",
        catch_up_seconds: 3600,
        max_catch_up: 100,
        launch_timeout_seconds: 900,
        max_runtime_seconds: null,
      },
      next_due_at: "2026-11-23T10:01:00.000Z",
      last_slot: null,
      disabled: null,
      stats: { sessions: 0, succeeded: 0, failed: 0, consecutive_failures: 0, last_error: null },
      created_by: "ada",
      version: 1,
    });
    expect((await ask("GET", `${schedules}/${body.id}`)).body).toEqual(body);
  });

  test("refuses a wrong request with every problem at its path", async ({ ask }) => {
    const { status, body } = await ask("POST", schedules, {
      ...minutely,
      name: "",
      trigger: { type: "sunrise" },
      policy: { spread_seconds: -5, overlap: "never" },
      active: { end_time: "25:00", days_of_week: [0] },
    });
    expect([status, body.error_code]).toEqual([400, "VALIDATION_ERROR"]);
    const paths = body.details.issues.map(({ path }: { path: string }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        "/name",
        "/trigger/type",
        "/policy/overlap",
        "/policy/spread_seconds",
        "/active/end_time",
        "/active/days_of_week/0",
      ]),
    );
  });

  test.for<[fields: Record<string, unknown>, path: string]>([
    [{ kind: 7 }, "/kind"],
    [{ kind: 5 }, "/params/storage_id"],
    [{ kind: 5, params: { storage_id: "01a209ba-d02e-741b-a63b-6063454757eb" } }, "/params/storage_id"],
    [{ params: { run_config: [] } }, "/params/run_config"],
    [{ trigger: { type: "freq", every: 0, unit: "day", anchor: "2026-11-23T10:00:00Z" } }, "/trigger/every"],
    [{ trigger: { type: "freq", every: 1, unit: "year", anchor: "2026-11-23T10:00:00Z" } }, "/trigger/unit"],
    [{ trigger: { type: "freq", every: 1, unit: "day" } }, "/trigger/anchor"],
    [{ trigger: { type: "freq", every: 1, unit: "day", anchor: "2999-01-01T00:00:00Z" } }, "/trigger"],
    [{ active: { start_date: "2026-02-01", end_date: "2026-01-01" } }, "/active/end_date"],
    [{ active: { start_time: "01:00", end_time: "01:00" } }, "/active/end_time"],
    [{ active: { end_date: "2026-01-01" } }, "/active"],
    [{ job: { name: "nope" } }, "/job/name"],
    [{ job: { name: "ok", location: "pipelines" } }, "/job/location"],
    [{ trigger: { ...minutely.trigger, time_zone: "Europe/Atlantis" } }, "/trigger/time_zone"],
    [{ trigger: { ...minutely.trigger, time_zone: "+02:00" } }, "/trigger/time_zone"],
    [{ trigger: { ...minutely.trigger, time_zone: "PST" } }, "/trigger/time_zone"],
    [{ trigger: { ...minutely.trigger, time_zone: "SystemV/EST5EDT" } }, "/trigger/time_zone"],
  ])("refuses %j at %s", async ([fields, path], { ask }) => {
    const { status, body } = await ask("POST", schedules, { ...minutely, ...fields });
    expect([status, body.error_code]).toEqual([400, "VALIDATION_ERROR"]);
    expect(body.details.issues).toContainEqual(expect.objectContaining({ path }));
  });

  test("explains a wrong expression with its position", async ({ ask }) => {
    const trigger = { type: "cron", expression: "0 25 * * *" };
    const { status, body } = await ask("POST", schedules, { ...minutely, trigger });
    expect([status, body.error_code]).toEqual([400, "CRON_PARSE_ERROR"]);
    const reason = "25 is out of range: hour must be 0 to 23";
    expect(body.details).toEqual({ expression: "0 25 * * *", position: 2, reason });
  });

  test("keeps names unique in any case, also when created concurrently", async ({ ask }) => {
    const answers = await Promise.all(
      ["nightly", "NIGHTLY", "Nightly"].map((name) => ask("POST", schedules, { ...minutely, name })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.error_code).toBe("SCHEDULE_NAME_CONFLICT");
  });

  test("replays a create with the same Idempotency-Key: one schedule", async ({ ask }) => {
    const first = await ask("POST", schedules, minutely, { headers: { "idempotency-key": "k" } });
    const second = await ask("POST", schedules, minutely, { headers: { "idempotency-key": "k" } });
    expect(second.body).toEqual(first.body);
    expect((await ask("GET", schedules)).body.total).toBe(1);
  });

  test("changes the given fields and the version; refuses another If-Match", async ({ ask, create }) => {
    const { id } = await create();
    const put = (body: unknown, ifMatch: string) =>
      ask("PUT", `${schedules}/${id}`, body, { headers: { "if-match": ifMatch } });
    const changed = await put({ policy: { overlap: "allow" }, labels: { team: "eu" }, kind: 1 }, '"1"');
    expect(changed.body).toMatchObject({
      version: 2,
      name: "Nightly",
      labels: { team: "eu" },
      policy: { overlap: "allow", catch_up_seconds: 3600 },
    });
    const stale = await put({ name: "other" }, '"1"');
    expect([stale.status, stale.body.details]).toEqual([412, { version: 2 }]);
    expect((await put({ kind: 5 }, '"2"')).body.details.issues[0].path).toBe("/kind");
    const wrong = await put({ params: { run_config: {}, more: 1 } }, '"2"');
    expect(wrong.body.details.issues).toEqual([
      { path: "/params/more", message: "is not known here", code: "unrecognized_keys" },
    ]);
  });

  test("answers 304 only while neither a person nor a worker has changed the schedule", async ({
    ask,
    create,
    world,
  }) => {
    const { id } = await create();
    const get = () => ask("GET", `${schedules}/${id}`, undefined, { headers: { "if-none-match": '"1"' } });
    expect((await get()).status).toBe(304);
    world.clock.set("2026-11-23T10:01:02.000Z");
    await tick("scan", world.needs, notAborted);
    const after = await get();
    expect(after.status).toBe(200);
    expect(after.headers.get("etag")).toBe('"1"');
    expect(after.body).toMatchObject({ last_slot: "2026-11-23T10:01:00.000Z", stats: { sessions: 1 } });
  });

  test("enables and disables with a note", async ({ ask, create }) => {
    const { id } = await create();
    const disabled = await ask("POST", `${schedules}/${id}/disable`, { note: "broken disk" }, { role: "operator" });
    expect(disabled.body).toMatchObject({
      enable: false,
      next_due_at: null,
      disabled: { reason: "manual", note: "broken disk", by: "ada", at: "2026-11-23T10:00:00.000Z" },
    });
    const enabled = await ask("POST", `${schedules}/${id}/enable`, {});
    expect(enabled.body).toMatchObject({
      enable: true,
      next_due_at: "2026-11-23T10:01:00.000Z",
      disabled: null,
      version: 3,
    });
  });

  test("replaces the note of a disabled schedule, and keeps who disabled it and when", async ({
    ask,
    create,
    world,
  }) => {
    const { id } = await create();
    await ask("POST", `${schedules}/${id}/disable`, { note: "broken disk" });
    world.clock.advance(60);
    const noted = await ask("POST", `${schedules}/${id}/disable`, { note: "the new disk comes on Friday" });
    expect(noted.body).toMatchObject({
      enable: false,
      version: 3,
      disabled: {
        reason: "manual",
        note: "the new disk comes on Friday",
        by: "ada",
        at: "2026-11-23T10:00:00.000Z",
      },
    });
    const unchanged = await ask("POST", `${schedules}/${id}/disable`, { note: null });
    expect(unchanged.body).toEqual(noted.body);
  });

  test("keeps the note of an enabling in the audit trail", async ({ ask, create, database }) => {
    const { id } = await create({ enable: false });
    const enabled = await ask("POST", `${schedules}/${id}/enable`, { note: "the disk is new" });
    expect(enabled.body).not.toHaveProperty("note");
    const { rows } = await sql<{ note: string }>`
      select after ->> 'note' as note from eom_audit where object_id = ${id} order by id`.execute(database.db);
    expect(rows.map(({ note }) => note)).toEqual([null, "the disk is new"]);
  });

  test("triggers a session, shows its history, and cancels it", async ({ ask, create }) => {
    const { id } = await create({ job: { name: "hang" } });
    const triggered = await ask("POST", `${schedules}/${id}/trigger`, undefined, {
      headers: { "idempotency-key": "t" },
      role: "operator",
    });
    expect(triggered.status).toBe(201);
    expect(triggered.headers.get("location")).toBe(`/ailbl/admin/sessions/${triggered.body.id}`);
    expect(triggered.body).toMatchObject({
      state: "pending",
      cause: "manual",
      schedule_name: "Nightly",
      explanation: { waiting_on: "worker" },
    });
    const again = await ask("POST", `${schedules}/${id}/trigger`, undefined, {
      headers: { "idempotency-key": "t" },
      role: "operator",
    });
    expect(again.body.id).toBe(triggered.body.id);
    const canceled = await ask("POST", `${sessions}/${triggered.body.id}/cancel`, undefined, { role: "operator" });
    expect(canceled.body).toMatchObject({ state: "canceled", ended: "2026-11-23T10:00:00.000Z" });
    const twice = await ask("POST", `${sessions}/${triggered.body.id}/cancel`);
    expect([twice.status, twice.body.error_code, twice.body.details]).toEqual([
      409,
      "SESSION_STATE_CONFLICT",
      { state: "canceled" },
    ]);
    const { body } = await ask("GET", `${sessions}/${triggered.body.id}`);
    expect(body.history).toEqual([
      {
        at: "2026-11-23T10:00:00.000Z",
        from: null,
        to: "pending",
        attempt: 1,
        actor: "ada",
        cause: "manual",
        message: null,
      },
      {
        at: "2026-11-23T10:00:00.000Z",
        from: "pending",
        to: "canceled",
        attempt: 1,
        actor: "ada",
        cause: "canceled",
        message: null,
      },
    ]);
  });

  test("refuses to delete while a session is under way; with cancel=true ends it, and keeps it readable", async ({
    ask,
    create,
    world,
  }) => {
    const { id } = await create({ job: { name: "hang" } });
    const { body: session } = await ask("POST", `${schedules}/${id}/trigger`);
    await tick("pick", world.needs, notAborted);
    const refused = await ask("DELETE", `${schedules}/${id}`);
    expect([refused.status, refused.body.error_code, refused.body.details]).toEqual([
      409,
      "SESSION_STATE_CONFLICT",
      { state: "running" },
    ]);
    expect((await ask("DELETE", `${schedules}/${id}?cancel=true`)).status).toBe(204);
    expect((await ask("GET", `${schedules}/${id}`)).body.error_code).toBe("SCHEDULE_NOT_FOUND");
    await tick("poll", world.needs, notAborted);
    await world.runsEnded.until(1);
    await tick("poll", world.needs, notAborted);
    expect((await ask("GET", `${sessions}/${session.id}`)).body).toMatchObject({
      state: "canceled",
      schedule_name: "Nightly",
    });
  });

  test("accepts a frequency, shows when it is due, and replaces it by another trigger", async ({ ask }) => {
    const trigger = { type: "freq", every: 15, unit: "minute", anchor: "2020-01-01T00:05:00+01:00" };
    const created = await ask("POST", schedules, { ...minutely, name: "every quarter", trigger });
    expect(created.status).toBe(201);
    expect(created.body.trigger).toEqual({ ...trigger, anchor: "2019-12-31T23:05:00.000Z", time_zone: "UTC" });
    const due = Temporal.Instant.from(created.body.next_due_at).toZonedDateTimeISO("UTC");
    expect([5, 20, 35, 50]).toContain(due.minute);
    const path = `${schedules}/${created.body.id}`;
    expect((await ask("GET", `${path}/slots?count=3`)).body.next).toHaveLength(3);
    const changed = await ask("PUT", path, { trigger: { ...trigger, every: 1, unit: "month" } });
    expect(changed.body.trigger).toMatchObject({ every: 1, unit: "month" });
    expect(changed.body.next_due_at).not.toBe(created.body.next_due_at);
    expect((await ask("PUT", path, { trigger: minutely.trigger })).body.trigger).toMatchObject(minutely.trigger);
  });

  test("accepts a window, which limits the slots, and removes it again", async ({ ask }) => {
    const active = { start_time: "01:00", end_time: "05:00", days_of_week: [6, 7] };
    const created = await ask("POST", schedules, { ...minutely, name: "at the weekend", active });
    expect(created.body.active).toEqual({ start_date: null, end_date: null, ...active });
    expect(created.body.next_due_at).toBe("2026-11-28T01:00:00.000Z");
    const path = `${schedules}/${created.body.id}`;
    const nearer = await ask("PUT", path, { active: { ...active, days_of_week: null } });
    expect(nearer.body.next_due_at).toBe("2026-11-24T01:00:00.000Z");
    const always = await ask("PUT", path, { active: null });
    expect([always.body.active, always.body.next_due_at]).toEqual([null, "2026-11-23T10:01:00.000Z"]);
  });

  test("previews the instants of a trigger without saving it", async ({ ask }) => {
    const { body } = await ask("POST", `${schedules}/preview`, {
      trigger: { type: "cron", expression: "0 0/30 8 ? * MON-FRI", time_zone: "Europe/Berlin" },
      from: "2026-11-27T07:10:00+01:00",
      count: 3,
    });
    expect(body).toEqual({
      trigger: { type: "cron", expression: "0 0-59/30 8 * * MON-FRI", time_zone: "Europe/Berlin" },
      active: null,
      policy: defaultPolicy,
      next: [
        { slot: "2026-11-27T07:00:00.000Z" },
        { slot: "2026-11-27T07:30:00.000Z" },
        { slot: "2026-11-30T07:00:00.000Z" },
      ],
    });
  });

  test("lists the next slots of a schedule", async ({ ask, create }) => {
    const { id } = await create();
    expect((await ask("GET", `${schedules}/${id}/slots?count=2`)).body).toEqual({
      next: [{ slot: "2026-11-23T10:01:00.000Z" }, { slot: "2026-11-23T10:02:00.000Z" }],
      past: [],
    });
  });

  test("pages through schedules in every order without a gap or a duplicate", async ({ ask, create, world }) => {
    for (let index = 0; index < 7; index += 1) {
      world.clock.advance(index % 2);
      await create({ name: `s${index}`, enable: index % 3 !== 0, labels: { n: String(index % 2) } });
    }
    for (const sortby of ["name", "enable", "created", "modified", "next_due_at"]) {
      for (const asc of [true, false]) {
        const names: string[] = [];
        let cursor = "";
        do {
          const { body } = await ask("GET", `${schedules}?size=2&sortby=${sortby}&asc=${asc}${cursor}`);
          names.push(...body.data.map(({ name }: { name: string }) => name));
          expect(body.total).toBe(7);
          cursor = body.next_cursor === null ? "" : `&cursor=${body.next_cursor}`;
        } while (cursor !== "");
        expect(names.toSorted(), `${sortby} ${asc}`).toEqual(["s0", "s1", "s2", "s3", "s4", "s5", "s6"]);
      }
    }
  });

  test.for([
    ["filter[keyword]=S1", ["s1"]],
    ["enable=false", ["s0"]],
    ["kind=1&size=100", ["s0", "s1", "s2"]],
    ["kind=5", []],
    ["filter[label]=n:2", ["s2"]],
    ["due_before=2026-11-23T10:02:00Z", ["s1", "s2"]],
    ["created_from=2026-11-23T10:00:01Z", ["s1", "s2"]],
    ["storage_id=01a209ba-d02e-741b-a63b-6063454757eb", []],
  ])("filters schedules by %s", async ([query, names], { ask, create, world }) => {
    for (let index = 0; index < 3; index += 1) {
      await create({ name: `s${index}`, enable: index !== 0, labels: { n: String(index) } });
      world.clock.advance(1);
    }
    const { body, status } = await ask("GET", `${schedules}?${query}`);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.data.map(({ name }: { name: string }) => name)).toEqual(names);
  });

  test("lists sessions by filter, in both orders, page by page", async ({ ask, create, world }) => {
    const { id } = await create({ policy: { misfire: "all", overlap: "allow" } });
    world.clock.set("2026-11-23T10:05:30.000Z");
    await tick("scan", world.needs, notAborted);
    await ask("POST", `${schedules}/${id}/trigger`);
    const list = async (query: string) => (await ask("GET", `${sessions}?${query}`)).body;
    expect((await list(`schedule_id=${id}`)).total).toBe(6);
    expect((await list("created_by=ada")).data).toMatchObject([{ cause: "manual" }]);
    expect((await list("state=running&state=failed")).total).toBe(0);
    expect((await list("filter[state]=pending&kind=1")).total).toBe(6);
    expect((await list("slot_from=2026-11-23T10:02:00Z&slot_to=2026-11-23T10:04:00Z&sortby=slot")).data).toMatchObject([
      { slot: "2026-11-23T10:02:00.000Z" },
      { slot: "2026-11-23T10:03:00.000Z" },
    ]);
    for (const sortby of ["created", "slot"]) {
      const first = await list(`sortby=${sortby}&asc=false&size=4`);
      const rest = await list(`sortby=${sortby}&asc=false&size=4&cursor=${first.next_cursor}`);
      expect(new Set([...first.data, ...rest.data].map((session) => session.id)).size).toBe(6);
      expect(rest.next_cursor).toBeNull();
    }
  });

  test("lists the engine, its state and its jobs", async ({ ask }) => {
    const { body } = await ask("GET", "/engines", undefined, { role: "viewer" });
    expect(body.data).toMatchObject([{ name: "local", state: "ok" }]);
    const jobs = await ask("GET", "/engines/local/jobs", undefined, { role: "viewer" });
    expect(jobs.body.data.map(({ name }: { name: string }) => name)).toEqual(["ok", "fail", "hang"]);
    expect((await ask("GET", "/engines/nope/jobs")).body.error_code).toBe("ENGINE_NOT_FOUND");
  });

  test("records who changed what in the audit trail", async ({ ask, create, database }) => {
    const { id } = await create();
    await ask("POST", `${schedules}/${id}/disable`, { note: null });
    await ask("DELETE", `${schedules}/${id}`);
    const { rows } = await sql<{ action: string; subject: string }>`
      select action, subject from eom_audit where object_id = ${id} order by id`.execute(database.db);
    expect(rows.map(({ action, subject }) => `${subject} ${action}`)).toEqual([
      "ada schedule.create",
      "ada schedule.disable",
      "ada schedule.delete",
    ]);
  });

  test.for([
    ["POST", schedules, "operator"],
    ["PUT", `${schedules}/x`, "operator"],
    ["DELETE", `${schedules}/x`, "operator"],
    ["POST", `${schedules}/x/trigger`, "viewer"],
    ["POST", `${schedules}/x/enable`, "viewer"],
    ["POST", `${sessions}/x/cancel`, "viewer"],
    ["GET", schedules, "meter"],
  ] as const)("%s %s is refused to the role %s", async ([method, path, role], { ask }) => {
    expect((await ask(method, path, method === "GET" ? undefined : {}, { role })).body.error_code).toBe("FORBIDDEN");
  });

  test.for<[method: string, path: string, code: string]>([
    ["GET", `${schedules}/nope`, "SCHEDULE_NOT_FOUND"],
    ["GET", `${schedules}/01a209ba-d02e-741b-a63b-6063454757eb`, "SCHEDULE_NOT_FOUND"],
    ["GET", `${schedules}/nope/slots`, "SCHEDULE_NOT_FOUND"],
    ["POST", `${schedules}/nope/trigger`, "SCHEDULE_NOT_FOUND"],
    ["GET", `${sessions}/nope`, "SESSION_NOT_FOUND"],
    ["POST", `${sessions}/nope/cancel`, "SESSION_NOT_FOUND"],
  ])("%s %s answers %s", async ([method, path, code], { ask }) => {
    expect((await ask(method, path)).body).toMatchObject({ error_code: code, http_status: 404 });
  });

  test("documents every route in OpenAPI", ({ world }) => {
    const document = createOpenApiDocument(createSchedulerRoutes(world.api), "0");
    expect(Object.keys(document.paths ?? {})).toHaveLength(25);
  });
});
