import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assignQuota, createQuota, quotas, toUserQuotas } from "../contract/provocations.ts";
import { databaseKinds } from "../support/database/database.ts";
import { type Answer, createTestApp, type TestApp } from "../support/http/app.ts";
import { heavyTestTimeout } from "../support/time-limits.ts";

describe.each(databaseKinds)("users' quotas on %s", (kind) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await createTestApp(kind);
  });
  afterAll(() => app.close());

  const toPath = (userId: string, quotaId: string) => `${toUserQuotas(userId)}/${quotaId}`;
  const assign = (userId: string, quotaId: string, headers: Record<string, string> = {}) =>
    app.request("POST", toUserQuotas(userId), { quota_id: quotaId }, { headers });
  const override = (userId: string, quotaId: string, changes: unknown, headers: Record<string, string> = {}) =>
    app.request("PUT", toPath(userId, quotaId), changes, { headers });
  const assignAll = (quotaId: string, body: unknown, headers: Record<string, string> = {}) =>
    app.request("POST", `${quotas}/${quotaId}/users`, body, { headers });
  const countAssigned = async (quotaId: string) =>
    (await app.request("GET", `${quotas}/${quotaId}`)).body.assigned_users;
  const listAudit = async (objectId: string) => {
    const { body } = await app.request("GET", `/eom/admin/audit?object_id=${encodeURIComponent(objectId)}&size=100`);
    return body.data.toSorted((a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1));
  };
  /** As metering would have left it. */
  const setLevel = (userId: string, level: string) =>
    sql`update eom_user_quota set ${sql.raw(level)} where user_id = ${userId}`.execute(app.database.db);
  const listEvents = async (userId: string) => {
    const { rows } = await sql<{ type: string; data: { limit: number } }>`
      select type, data from eom_event where object_id = ${userId} order by created, type desc`.execute(
      app.database.db,
    );
    return rows.map(({ type, data }) => [type, data.limit]);
  };

  test("are assigned by a body and by a path, and told with what holds for the user", async () => {
    const expire = { type: "every", unit: "month", time_zone: "Europe/Berlin" };
    const quota = await createQuota(app, { expire, description: "d", labels: { team: "eu" } });
    const byBody = await assign("Jörg / 7", quota.id);
    expect(byBody.status).toBe(201);
    expect(byBody.headers.get("location")).toBe(`/eom/admin/users/J%C3%B6rg%20%2F%207/quotas/${quota.id}`);
    expect(byBody.headers.get("etag")).toBe('"1"');
    expect(byBody.body).toEqual({
      id: quota.id,
      name: quota.name,
      description: "d",
      type: "MaxOrderTimes",
      value: { max_order_times: 100 },
      expire,
      enable: true,
      labels: { team: "eu" },
      user_id: "Jörg / 7",
      assigned: expect.any(String),
      expires_at: null,
      overrides: [],
      usage: { limit: 100, used: 0, reserved: 0, remaining: 100, resets_at: expect.any(String), state: "ok" },
      modified: expect.any(String),
      modified_by: "admin",
      version: 1,
    });
    const location = byBody.headers.get("location") ?? "";
    expect((await app.request("GET", location, undefined, { role: "viewer" })).body).toEqual(byBody.body);

    const other = randomUUID();
    const byPath = await app.request("POST", toPath(other, quota.id.toUpperCase()));
    expect(byPath).toMatchObject({ status: 201, body: { id: quota.id, user_id: other } });
    expect(byPath.headers.get("location")).toBe(toPath(other, quota.id));
    expect(await countAssigned(quota.id)).toBe(2);
  });

  test("are over as their rule says, counted from the assignment", async () => {
    const after = await createQuota(app, { expire: { type: "after", amount: 30, unit: "day" } });
    const userId = randomUUID();
    const { body } = await assign(userId, after.id);
    expect(Date.parse(body.expires_at) - Date.parse(body.assigned)).toBe(30 * 24 * 3600 * 1000);
    const at = await createQuota(app, {
      type: "MaxSize",
      value: { max_size: 1 },
      expire: { type: "at", at: "2020-01-01T00:00:00Z" },
    });
    expect((await assign(userId, at.id)).body).toMatchObject({
      expires_at: "2020-01-01T00:00:00.000Z",
      usage: { state: "expired" },
    });
  });

  test("are one of each type, and a second one is told which one is there", async () => {
    const userId = randomUUID();
    const [first, second, size] = [
      await createQuota(app),
      await createQuota(app),
      await createQuota(app, { type: "MaxSize", value: { max_size: 1 } }),
    ];
    await assignQuota(app, userId, first.id);
    for (const quota of [first, second]) {
      expect(await assign(userId, quota.id)).toMatchObject({
        status: 409,
        body: {
          error_code: "USER_QUOTA_CONFLICT",
          x_user: userId,
          details: { type: "MaxOrderTimes", quota_id: first.id },
        },
      });
    }
    expect(await assign(userId, size.id)).toMatchObject({ status: 201 });
    expect(await countAssigned(second.id)).toBe(0);
    expect(await countAssigned(first.id)).toBe(1);
  });

  test("of one type are assigned once when fifty come at once", async () => {
    const userId = randomUUID();
    const offered = await Promise.all(Array.from({ length: 5 }, () => createQuota(app)));
    const told = await Promise.all(
      Array.from({ length: 50 }, (_, turn) => assign(userId, offered[turn % offered.length]?.id ?? "")),
    );
    const won = told.filter(({ status }) => status === 201);
    expect(won).toHaveLength(1);
    const holder = won[0]?.body.id;
    for (const lost of told.filter(({ status }) => status !== 201))
      expect(lost).toMatchObject({ status: 409, body: { details: { type: "MaxOrderTimes", quota_id: holder } } });
    for (const { id } of offered) expect(await countAssigned(id)).toBe(id === holder ? 1 : 0);
  });

  test("are assigned or their quota is deleted when both come at once: one of them, and no orphan", async () => {
    for (let round = 0; round < 15; round += 1) {
      const userId = randomUUID();
      const { id } = await createQuota(app);
      const remove = () => app.request("DELETE", `${quotas}/${id}`);
      const both = round % 2 === 0 ? [assign(userId, id), remove()] : [remove(), assign(userId, id)];
      const told = await Promise.all(both);
      const [assigned, removed] = (round % 2 === 0 ? told : told.toReversed()) as [Answer, Answer];
      expect([
        [201, 409],
        [404, 204],
      ]).toContainEqual([assigned.status, removed.status]);
      const there = (await app.request("GET", `${quotas}/${id}`)).status === 200;
      const has = (await app.request("GET", toPath(userId, id))).status === 200;
      expect([there, has]).toEqual([assigned.status === 201, assigned.status === 201]);
    }
  });

  test("are assigned once for each key, however often it is sent", async () => {
    const userId = randomUUID();
    const { id } = await createQuota(app);
    const headers = { "idempotency-key": randomUUID() };
    const first = await assign(userId, id, headers);
    const again = await assign(userId, id, headers);
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await countAssigned(id)).toBe(1);
  });

  test("that are not there are not found; a user that is none is refused by its name", async () => {
    const { id } = await createQuota(app);
    for (const quotaId of [id, randomUUID(), "nowhere"]) {
      for (const method of ["GET", "PUT", "DELETE"]) {
        const told = await app.request(method, toPath("nobody", quotaId), method === "PUT" ? {} : undefined);
        expect(told, method).toMatchObject({ status: 404, body: { error_code: "USER_QUOTA_NOT_FOUND" } });
      }
    }
    for (const quotaId of [randomUUID(), "nowhere"])
      expect(await app.request("POST", toPath("nobody", quotaId))).toMatchObject({
        status: 404,
        body: { error_code: "QUOTA_NOT_FOUND" },
      });
    expect(await assign("nobody", "nowhere")).toMatchObject({
      status: 400,
      body: { details: { issues: [{ path: "/quota_id" }] } },
    });
    for (const userId of ["x".repeat(256), "a\u0007b"]) {
      expect(await assign(userId, id)).toMatchObject({
        status: 400,
        body: { error_code: "VALIDATION_ERROR", details: { issues: [{ path: "/UserId" }] } },
      });
    }
    expect(await assign("x".repeat(255), id)).toMatchObject({ status: 201 });
  });

  test("are overridden field by field, and null gives the quota's back", async () => {
    const userId = randomUUID();
    const { id } = await createQuota(app);
    await assignQuota(app, userId, id);
    const expire = { type: "at", at: "2999-01-01T00:00:00.000Z" };
    expect(await override(userId, id, { value: { max_order_times: 5 }, expire })).toMatchObject({
      status: 200,
      body: {
        value: { max_order_times: 5 },
        expire,
        expires_at: expire.at,
        overrides: ["value", "expire"],
        usage: { limit: 5 },
        version: 2,
      },
    });
    const told = await override(userId, id, { enable: false, value: { max_order_times: null } });
    expect(told.body).toMatchObject({
      value: { max_order_times: null },
      expire,
      enable: false,
      overrides: ["value", "expire", "enable"],
      usage: { limit: null, remaining: null, state: "disabled" },
      version: 3,
    });
    expect(told.headers.get("etag")).toBe('"3"');
    expect((await override(userId, id, { value: null, expire: null, enable: null })).body).toMatchObject({
      value: { max_order_times: 100 },
      expire: { type: "never" },
      expires_at: null,
      enable: true,
      overrides: [],
      version: 4,
    });
  });

  test("follow their quota in what is not their own", async () => {
    const userId = randomUUID();
    const { id } = await createQuota(app);
    await assignQuota(app, userId, id);
    await override(userId, id, { value: { max_order_times: 5 } });
    await app.request("PUT", `${quotas}/${id}`, { value: { max_order_times: 7 }, enable: false });
    expect((await app.request("GET", toPath(userId, id))).body).toMatchObject({
      value: { max_order_times: 5 },
      enable: false,
      overrides: ["value"],
    });
  });

  test("refuse an override that does not fit the type, naming every field", async () => {
    const userId = randomUUID();
    const { id } = await createQuota(app, { type: "MaxSize", value: { max_size: 1 } });
    await assignQuota(app, userId, id);
    const told = await override(userId, id, {
      value: { max_order_times: 1 },
      expire: { type: "every", unit: "day", time_zone: "UTC" },
    });
    expect(told).toMatchObject({ status: 400, body: { error_code: "VALIDATION_ERROR", x_user: userId } });
    expect(told.body.details.issues.map(({ path }: { path: string }) => path)).toEqual([
      "/value/max_size",
      "/value/max_order_times",
      "/expire/type",
    ]);
  });

  test("change only at the version that If-Match names", async () => {
    const userId = randomUUID();
    const { id } = await createQuota(app);
    await assignQuota(app, userId, id);
    expect(await override(userId, id, { enable: false }, { "if-match": '"1"' })).toMatchObject({ status: 200 });
    const stale = { status: 412, body: { details: { version: 2 } } };
    expect(await override(userId, id, { enable: true }, { "if-match": '"1"' })).toMatchObject(stale);
    const remove = (tag: string) =>
      app.request("DELETE", toPath(userId, id), undefined, { headers: { "if-match": tag } });
    expect(await remove('"1"')).toMatchObject(stale);
    expect(await remove('"2"')).toMatchObject({ status: 204 });
  });

  test("tell their usage anew even to those who know the version, of which usage is no part", async () => {
    const userId = randomUUID();
    const { id } = await createQuota(app);
    await assignQuota(app, userId, id);
    await setLevel(userId, "used = 3");
    const told = await app.request("GET", toPath(userId, id), undefined, { headers: { "if-none-match": '"1"' } });
    expect(told).toMatchObject({ status: 200, body: { usage: { used: 3 }, version: 1 } });
  });

  test("tell what is used and held in the period that is now, and nothing of one that is over", async () => {
    const userId = randomUUID();
    const { id } = await createQuota(app, { expire: { type: "every", unit: "day", time_zone: "Asia/Kathmandu" } });
    await assignQuota(app, userId, id);
    await setLevel(userId, "used = 80, reserved = 15");
    const usage = async () => (await app.request("GET", toPath(userId, id))).body.usage;
    expect(await usage()).toMatchObject({ used: 80, reserved: 15, remaining: 5, state: "warning" });
    await setLevel(userId, "used = 150");
    expect(await usage()).toMatchObject({ used: 150, remaining: 0, state: "exceeded" });
    await setLevel(userId, "period_start = now() - interval '2 days'");
    expect(await usage()).toMatchObject({ used: 0, reserved: 0, remaining: 100, state: "ok" });
    expect(Date.parse((await usage()).resets_at)).toBeGreaterThan(Date.now());
  });

  test("tell each threshold that an override moves the user over", async () => {
    const userId = randomUUID();
    const { id } = await createQuota(app);
    await assignQuota(app, userId, id);
    await setLevel(userId, "used = 50");
    const limitTo = (max_order_times: number | null) => override(userId, id, { value: { max_order_times } });
    await limitTo(60);
    expect(await listEvents(userId)).toEqual([["quota.warning", 60]]);
    await limitTo(50);
    await limitTo(49);
    const told = [
      ["quota.warning", 60],
      ["quota.exceeded", 50],
    ];
    expect(await listEvents(userId)).toEqual(told);
    await limitTo(null);
    await override(userId, id, { value: null });
    expect(await listEvents(userId)).toEqual(told);
    await limitTo(10);
    expect(await listEvents(userId)).toEqual([...told, ["quota.warning", 10], ["quota.exceeded", 10]]);
  });

  test("are taken away, counted down, and may come again", async () => {
    const userId = randomUUID();
    const { id } = await createQuota(app);
    await assignQuota(app, userId, id);
    await setLevel(userId, "used = 3");
    expect(await app.request("DELETE", toPath(userId, id))).toMatchObject({ status: 204 });
    expect(await countAssigned(id)).toBe(0);
    expect((await app.request("GET", toUserQuotas(userId))).body).toMatchObject({ data: [], total: 0 });
    expect(await assign(userId, id)).toMatchObject({ status: 201, body: { version: 1, usage: { used: 0 } } });
  });

  test("are read by viewers, and changed by admins alone", async () => {
    const userId = randomUUID();
    const { id } = await createQuota(app);
    await assignQuota(app, userId, id);
    const asked: [string, string, unknown][] = [
      ["POST", toUserQuotas(userId), { quota_id: id }],
      ["POST", toPath(userId, id), undefined],
      ["PUT", toPath(userId, id), {}],
      ["DELETE", toPath(userId, id), undefined],
      ["POST", `${quotas}/${id}/users`, { user_ids: [userId] }],
    ];
    for (const role of ["viewer", "operator", "meter"] as const) {
      for (const [method, path, body] of asked)
        expect((await app.request(method, path, body, { role })).status, `${role} ${method} ${path}`).toBe(403);
    }
    for (const path of [toUserQuotas(userId), toPath(userId, id), "/eom/admin/users"])
      expect((await app.request("GET", path, undefined, { role: "viewer" })).status).toBe(200);
  });

  test("leave a trail of who gave, changed and took them", async () => {
    const userId = randomUUID();
    const { id } = await createQuota(app);
    const assigned = (await assign(userId, id)).body;
    const changed = (await override(userId, id, { enable: false })).body;
    await app.request("DELETE", toPath(userId, id));
    const kind = "user_quota";
    expect(await listAudit(`${userId}/${id}`)).toMatchObject([
      { action: "user_quota.assign", kind, subject: "admin", before: null, after: assigned },
      { action: "user_quota.override", kind, before: assigned, after: changed },
      { action: "user_quota.take_away", kind, before: changed, after: null },
    ]);
  });

  test("are listed for a user by each filter and in each order", async () => {
    const userId = randomUUID();
    const mark = randomUUID().slice(0, 8);
    const order = await createQuota(app, { name: `b ${mark}`, labels: { team: mark } });
    const size = await createQuota(app, { name: `a ${mark}`, type: "MaxSize", value: { max_size: 1 } });
    for (const { id } of [order, size]) await assignQuota(app, userId, id);
    await assignQuota(app, randomUUID(), order.id);
    await override(userId, order.id, { enable: false });
    const list = async (query: string) => {
      const told = await app.request("GET", `${toUserQuotas(userId)}?${query}`);
      expect(told.status).toBe(200);
      return told.body;
    };
    const find = async (query: string) => (await list(query)).data.map(({ id }: { id: string }) => id);
    expect(await find("")).toEqual([size.id, order.id]);
    expect(await find("sortby=type")).toEqual([order.id, size.id]);
    expect(await find("sortby=created")).toEqual([order.id, size.id]);
    expect(await find("sortby=modified&asc=false")).toEqual([order.id, size.id]);
    expect(await find("enable=true")).toEqual([size.id]);
    expect(await find("type=MaxOrderTimes")).toEqual([order.id]);
    expect(await find(`filter[ids]=${size.id}`)).toEqual([size.id]);
    expect(await find(`label=team:${mark}`)).toEqual([order.id]);
    expect(await find(`keyword=B ${mark}`)).toEqual([order.id]);
    expect(await find("created_from=2020-01-01T00:00:00Z&modified_to=2020-01-01T00:00:00Z")).toEqual([]);
    expect(await list("page=1&size=1")).toMatchObject({ data: [{ id: order.id }], total: 2, next_cursor: null });
    for (const sort of ["name", "type", "enable", "created", "modified"]) {
      const first = await list(`size=1&sortby=${sort}`);
      const next = await list(`size=1&sortby=${sort}&cursor=${first.next_cursor}`);
      expect([first.data[0].id, next.data[0].id], sort).toEqual(await find(`sortby=${sort}`));
      expect(next).toMatchObject({ total: 2, next_cursor: null });
    }
  });

  test("are assigned to many at once: to all of them", async () => {
    const { id } = await createQuota(app);
    const users = ["c", "a", "b"].map((letter) => `${letter}-${randomUUID()}`);
    const told = await assignAll(id, { user_ids: users });
    expect(told.status).toBe(200);
    expect(told.body).toEqual({ results: users.map((user_id) => ({ user_id, status: 201, error: null })) });
    expect(await countAssigned(id)).toBe(3);
    for (const userId of users) {
      const { body } = await app.request("GET", toPath(userId, id));
      expect(await listAudit(`${userId}/${id}`)).toMatchObject([{ action: "user_quota.assign", after: body }]);
    }
  });

  test("are assigned to nobody of many when one has a quota of the type, unless each is to be asked", async () => {
    const [there, id] = [(await createQuota(app)).id, (await createQuota(app)).id];
    const users = ["c", "b", "a"].map((letter) => `${letter}-${randomUUID()}`);
    const taken = users.slice(0, 2);
    for (const userId of taken) await assignQuota(app, userId, there);
    const atomic = await assignAll(id, { user_ids: users });
    const details = { type: "MaxOrderTimes", quota_id: there };
    expect(atomic).toMatchObject({ status: 409, body: { error_code: "USER_QUOTA_CONFLICT", details } });
    expect(atomic.body.error_msg).toContain(taken[0]);
    expect(await countAssigned(id)).toBe(0);

    const each = await assignAll(id, { user_ids: users, atomic: false });
    expect(each.status).toBe(207);
    expect(each.body.results).toEqual(
      users.map((user_id) => {
        if (!taken.includes(user_id)) return { user_id, status: 201, error: null };
        const error = {
          error_code: "USER_QUOTA_CONFLICT",
          http_status: 409,
          error_msg: `User '${user_id}' has a quota of type MaxOrderTimes already`,
          x_user: user_id,
          details,
        };
        return { user_id, status: 409, error };
      }),
    );
    expect(await countAssigned(id)).toBe(1);
  });

  test("are not assigned to many who are named twice, are none, or of a quota that is not there", async () => {
    const { id } = await createQuota(app);
    for (const user_ids of [["a", "a"], [], [""], ["a\u0007"], Array.from({ length: 10_001 }, (_, at) => `u${at}`)])
      expect(await assignAll(id, { user_ids }), user_ids.join().slice(0, 20)).toMatchObject({ status: 400 });
    for (const quotaId of [randomUUID(), "nowhere"])
      expect(await assignAll(quotaId, { user_ids: ["a"] })).toMatchObject({
        status: 404,
        body: { error_code: "QUOTA_NOT_FOUND" },
      });
  });

  test("are assigned to many once for each key", async () => {
    const { id } = await createQuota(app);
    const headers = { "idempotency-key": randomUUID() };
    const body = { user_ids: [randomUUID()] };
    const first = await assignAll(id, body, headers);
    expect(await assignAll(id, body, headers)).toMatchObject({ status: 200, body: first.body });
    expect(await countAssigned(id)).toBe(1);
  });

  test("of one type come to each of many once when lists that cross come at once", async () => {
    const users = Array.from({ length: 200 }, () => randomUUID());
    const offered = await Promise.all(Array.from({ length: 4 }, () => createQuota(app)));
    const told = await Promise.all(
      offered.map(({ id }, turn) =>
        assignAll(id, { user_ids: turn % 2 === 0 ? users : users.toReversed(), atomic: false }),
      ),
    );
    const won = told.flatMap(({ body }) => body.results.filter(({ status }: { status: number }) => status === 201));
    expect(won.map(({ user_id }) => user_id).toSorted()).toEqual(users.toSorted());
    let counted = 0;
    for (const { id } of offered) counted += await countAssigned(id);
    expect(counted).toBe(users.length);
  });
});

test("a quota is assigned to ten thousand users in a few seconds, trail and all", {
  timeout: heavyTestTimeout,
}, async () => {
  const app = await createTestApp("postgres");
  const { id } = await createQuota(app);
  const user_ids = Array.from({ length: 10_000 }, (_, at) => `many-${at}`);
  const startedAt = performance.now();
  const told = await app.request("POST", `${quotas}/${id}/users`, { user_ids });
  const seconds = (performance.now() - startedAt) / 1000;
  expect(told.status).toBe(200);
  expect(told.body.results).toHaveLength(10_000);
  expect((await app.request("GET", `${quotas}/${id}`)).body.assigned_users).toBe(10_000);
  expect((await app.request("GET", "/eom/admin/audit?kind=user_quota")).body.total).toBe(10_000);
  // A second or two on two cores; one statement a user would take minutes.
  expect(seconds).toBeLessThan(20);
  await app.close();
});
