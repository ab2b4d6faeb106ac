import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { expect } from "vitest";
import { assignQuota, createQuota, quotas, toUserQuotas } from "../../contract/provocations.ts";
import type { Answer, TestApp } from "../../support/http/app.ts";
import { heavyTestTimeout } from "../../support/time-limits.ts";
import { createQuotaTest, describeOnDatabases } from "../fixtures.ts";

describeOnDatabases(
  "users' quotas",
  (test) => test.extend("api", { scope: "file" }, ({ app }) => createApi(app)),
  (test) => {
    test("are assigned by body and by path, and answered with the values that apply to the user", async ({
      app,
      api,
    }) => {
      const expire = { type: "every", unit: "month", time_zone: "Europe/Berlin" };
      const quota = await createQuota(app, { expire, description: "d", labels: { team: "eu" } });
      const byBody = await api.assign("Jörg / 7", quota.id);
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
      const byPath = await app.request("POST", api.toPath(other, quota.id.toUpperCase()));
      expect(byPath).toMatchObject({ status: 201, body: { id: quota.id, user_id: other } });
      expect(byPath.headers.get("location")).toBe(api.toPath(other, quota.id));
      expect(await api.countAssigned(quota.id)).toBe(2);
    });

    test("expire by their rule, counted from the assignment", async ({ app, api }) => {
      const after = await createQuota(app, { expire: { type: "after", amount: 30, unit: "day" } });
      const userId = randomUUID();
      const { body } = await api.assign(userId, after.id);
      expect(Date.parse(body.expires_at) - Date.parse(body.assigned)).toBe(30 * 24 * 3600 * 1000);
      const at = await createQuota(app, {
        type: "MaxSize",
        value: { max_size: 1 },
        expire: { type: "at", at: "2020-01-01T00:00:00Z" },
      });
      expect((await api.assign(userId, at.id)).body).toMatchObject({
        expires_at: "2020-01-01T00:00:00.000Z",
        usage: { state: "expired" },
      });
    });

    test("are one of each type; a second one is refused with the id of the first", async ({ app, api }) => {
      const userId = randomUUID();
      const [first, second, size] = [
        await createQuota(app),
        await createQuota(app),
        await createQuota(app, { type: "MaxSize", value: { max_size: 1 } }),
      ];
      await assignQuota(app, userId, first.id);
      for (const quota of [first, second]) {
        expect(await api.assign(userId, quota.id)).toMatchObject({
          status: 409,
          body: {
            error_code: "USER_QUOTA_CONFLICT",
            x_user: userId,
            details: { type: "MaxOrderTimes", quota_id: first.id },
          },
        });
      }
      expect(await api.assign(userId, size.id)).toMatchObject({ status: 201 });
      expect(await api.countAssigned(second.id)).toBe(0);
      expect(await api.countAssigned(first.id)).toBe(1);
    });

    test("of one type are assigned once by fifty requests at the same time", async ({ app, api }) => {
      const userId = randomUUID();
      const offered = await Promise.all(Array.from({ length: 5 }, () => createQuota(app)));
      const answer = await Promise.all(
        Array.from({ length: 50 }, (_, turn) => api.assign(userId, offered[turn % offered.length]?.id ?? "")),
      );
      const won = answer.filter(({ status }) => status === 201);
      expect(won).toHaveLength(1);
      const holder = won[0]?.body.id;
      for (const lost of answer.filter(({ status }) => status !== 201))
        expect(lost).toMatchObject({ status: 409, body: { details: { type: "MaxOrderTimes", quota_id: holder } } });
      for (const { id } of offered) expect(await api.countAssigned(id)).toBe(id === holder ? 1 : 0);
    });

    test("are assigned, or their quota is deleted, when both are requested at the same time: one succeeds, and no orphan is left", async ({
      app,
      api,
    }) => {
      for (let round = 0; round < 15; round += 1) {
        const userId = randomUUID();
        const { id } = await createQuota(app);
        const remove = () => app.request("DELETE", `${quotas}/${id}`);
        const both = round % 2 === 0 ? [api.assign(userId, id), remove()] : [remove(), api.assign(userId, id)];
        const answer = await Promise.all(both);
        const [assigned, removed] = (round % 2 === 0 ? answer : answer.toReversed()) as [Answer, Answer];
        expect([
          [201, 409],
          [404, 204],
        ]).toContainEqual([assigned.status, removed.status]);
        const there = (await app.request("GET", `${quotas}/${id}`)).status === 200;
        const has = (await app.request("GET", api.toPath(userId, id))).status === 200;
        expect([there, has]).toEqual([assigned.status === 201, assigned.status === 201]);
      }
    });

    test("are assigned once for each key, however often it is sent", async ({ app, api }) => {
      const userId = randomUUID();
      const { id } = await createQuota(app);
      const headers = { "idempotency-key": randomUUID() };
      const first = await api.assign(userId, id, headers);
      const again = await api.assign(userId, id, headers);
      expect(again).toMatchObject({ status: 201, body: first.body });
      expect(again.headers.get("idempotency-replayed")).toBe("true");
      expect(await api.countAssigned(id)).toBe(1);
    });

    test("are not found by an unknown id; an id that no user can have is refused as /UserId", async ({ app, api }) => {
      const { id } = await createQuota(app);
      for (const quotaId of [id, randomUUID(), "nowhere"]) {
        for (const method of ["GET", "PUT", "DELETE"]) {
          const answer = await app.request(method, api.toPath("nobody", quotaId), method === "PUT" ? {} : undefined);
          expect(answer, method).toMatchObject({ status: 404, body: { error_code: "USER_QUOTA_NOT_FOUND" } });
        }
      }
      for (const quotaId of [randomUUID(), "nowhere"])
        expect(await app.request("POST", api.toPath("nobody", quotaId))).toMatchObject({
          status: 404,
          body: { error_code: "QUOTA_NOT_FOUND" },
        });
      expect(await api.assign("nobody", "nowhere")).toMatchObject({
        status: 400,
        body: { details: { issues: [{ path: "/quota_id" }] } },
      });
      for (const userId of ["x".repeat(256), "a\u0007b"]) {
        expect(await api.assign(userId, id)).toMatchObject({
          status: 400,
          body: { error_code: "VALIDATION_ERROR", details: { issues: [{ path: "/UserId" }] } },
        });
      }
      expect(await api.assign("x".repeat(255), id)).toMatchObject({ status: 201 });
    });

    test("are overridden field by field, and null removes the override", async ({ app, api }) => {
      const userId = randomUUID();
      const { id } = await createQuota(app);
      await assignQuota(app, userId, id);
      const expire = { type: "at", at: "2999-01-01T00:00:00.000Z" };
      expect(await api.override(userId, id, { value: { max_order_times: 5 }, expire })).toMatchObject({
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
      const answer = await api.override(userId, id, { enable: false, value: { max_order_times: null } });
      expect(answer.body).toMatchObject({
        value: { max_order_times: null },
        expire,
        enable: false,
        overrides: ["value", "expire", "enable"],
        usage: { limit: null, remaining: null, state: "disabled" },
        version: 3,
      });
      expect(answer.headers.get("etag")).toBe('"3"');
      expect((await api.override(userId, id, { value: null, expire: null, enable: null })).body).toMatchObject({
        value: { max_order_times: 100 },
        expire: { type: "never" },
        expires_at: null,
        enable: true,
        overrides: [],
        version: 4,
      });
    });

    test("follow their quota in the fields without an override", async ({ app, api }) => {
      const userId = randomUUID();
      const { id } = await createQuota(app);
      await assignQuota(app, userId, id);
      await api.override(userId, id, { value: { max_order_times: 5 } });
      await app.request("PUT", `${quotas}/${id}`, { value: { max_order_times: 7 }, enable: false });
      expect((await app.request("GET", api.toPath(userId, id))).body).toMatchObject({
        value: { max_order_times: 5 },
        enable: false,
        overrides: ["value"],
      });
    });

    test("refuse an override that does not fit the type, naming every field", async ({ app, api }) => {
      const userId = randomUUID();
      const { id } = await createQuota(app, { type: "MaxSize", value: { max_size: 1 } });
      await assignQuota(app, userId, id);
      const answer = await api.override(userId, id, {
        value: { max_order_times: 1 },
        expire: { type: "every", unit: "day", time_zone: "UTC" },
      });
      expect(answer).toMatchObject({ status: 400, body: { error_code: "VALIDATION_ERROR", x_user: userId } });
      expect(answer.body.details.issues.map(({ path }: { path: string }) => path)).toEqual([
        "/value/max_size",
        "/value/max_order_times",
        "/expire/type",
      ]);
    });

    test("change only at the version of If-Match", async ({ app, api }) => {
      const userId = randomUUID();
      const { id } = await createQuota(app);
      await assignQuota(app, userId, id);
      expect(await api.override(userId, id, { enable: false }, { "if-match": '"1"' })).toMatchObject({ status: 200 });
      const stale = { status: 412, body: { details: { version: 2 } } };
      expect(await api.override(userId, id, { enable: true }, { "if-match": '"1"' })).toMatchObject(stale);
      const remove = (tag: string) =>
        app.request("DELETE", api.toPath(userId, id), undefined, { headers: { "if-match": tag } });
      expect(await remove('"1"')).toMatchObject(stale);
      expect(await remove('"2"')).toMatchObject({ status: 204 });
    });

    test("are read with new usage even if If-None-Match has the version", async ({ app, api }) => {
      const userId = randomUUID();
      const { id } = await createQuota(app);
      await assignQuota(app, userId, id);
      await api.setLevel(userId, "used = 3");
      const answer = await app.request("GET", api.toPath(userId, id), undefined, {
        headers: { "if-none-match": '"1"' },
      });
      expect(answer).toMatchObject({ status: 200, body: { usage: { used: 3 }, version: 1 } });
    });

    test("show usage of the current period only", async ({ app, api }) => {
      const userId = randomUUID();
      const { id } = await createQuota(app, { expire: { type: "every", unit: "day", time_zone: "Asia/Kathmandu" } });
      await assignQuota(app, userId, id);
      await api.setLevel(userId, "used = 80, reserved = 15");
      const usage = async () => (await app.request("GET", api.toPath(userId, id))).body.usage;
      expect(await usage()).toMatchObject({ used: 80, reserved: 15, remaining: 5, state: "warning" });
      await api.setLevel(userId, "used = 150");
      expect(await usage()).toMatchObject({ used: 150, remaining: 0, state: "exceeded" });
      await api.setLevel(userId, "period_start = now() - interval '2 days'");
      expect(await usage()).toMatchObject({ used: 0, reserved: 0, remaining: 100, state: "ok" });
      expect(Date.parse((await usage()).resets_at)).toBeGreaterThan(Date.now());
    });

    test("write an event for each threshold that an override moves the user over", async ({ app, api }) => {
      const userId = randomUUID();
      const { id } = await createQuota(app);
      await assignQuota(app, userId, id);
      await api.setLevel(userId, "used = 50");
      const limitTo = (max_order_times: number | null) => api.override(userId, id, { value: { max_order_times } });
      await limitTo(60);
      expect(await api.listEvents(userId)).toEqual([["quota.warning", 60]]);
      await limitTo(50);
      await limitTo(49);
      const answer = [
        ["quota.warning", 60],
        ["quota.exceeded", 50],
      ];
      expect(await api.listEvents(userId)).toEqual(answer);
      await limitTo(null);
      await api.override(userId, id, { value: null });
      expect(await api.listEvents(userId)).toEqual(answer);
      await limitTo(10);
      expect(await api.listEvents(userId)).toEqual([...answer, ["quota.warning", 10], ["quota.exceeded", 10]]);
    });

    test("are taken away, decrement assigned_users, and can be assigned again", async ({ app, api }) => {
      const userId = randomUUID();
      const { id } = await createQuota(app);
      await assignQuota(app, userId, id);
      await api.setLevel(userId, "used = 3");
      expect(await app.request("DELETE", api.toPath(userId, id))).toMatchObject({ status: 204 });
      expect(await api.countAssigned(id)).toBe(0);
      expect((await app.request("GET", toUserQuotas(userId))).body).toMatchObject({ data: [], total: 0 });
      expect(await api.assign(userId, id)).toMatchObject({ status: 201, body: { version: 1, usage: { used: 0 } } });
    });

    test("are read by viewers, and changed by admins only", async ({ app, api }) => {
      const userId = randomUUID();
      const { id } = await createQuota(app);
      await assignQuota(app, userId, id);
      const asked: [string, string, unknown][] = [
        ["POST", toUserQuotas(userId), { quota_id: id }],
        ["POST", api.toPath(userId, id), undefined],
        ["PUT", api.toPath(userId, id), {}],
        ["DELETE", api.toPath(userId, id), undefined],
        ["POST", `${quotas}/${id}/users`, { user_ids: [userId] }],
      ];
      for (const role of ["viewer", "operator", "meter"] as const) {
        for (const [method, path, body] of asked)
          expect((await app.request(method, path, body, { role })).status, `${role} ${method} ${path}`).toBe(403);
      }
      for (const path of [toUserQuotas(userId), api.toPath(userId, id), "/eom/admin/users"])
        expect((await app.request("GET", path, undefined, { role: "viewer" })).status).toBe(200);
    });

    test("leave audit entries when they are assigned, overridden and taken away", async ({ app, api }) => {
      const userId = randomUUID();
      const { id } = await createQuota(app);
      const assigned = (await api.assign(userId, id)).body;
      const changed = (await api.override(userId, id, { enable: false })).body;
      await app.request("DELETE", api.toPath(userId, id));
      const kind = "user_quota";
      expect(await api.listAudit(`${userId}/${id}`)).toMatchObject([
        { action: "user_quota.assign", kind, subject: "admin", before: null, after: assigned },
        { action: "user_quota.override", kind, before: assigned, after: changed },
        { action: "user_quota.take_away", kind, before: changed, after: null },
      ]);
    });

    test("are listed for a user by each filter and in each order", async ({ app, api }) => {
      const userId = randomUUID();
      const mark = randomUUID().slice(0, 8);
      const order = await createQuota(app, { name: `b ${mark}`, labels: { team: mark } });
      const size = await createQuota(app, { name: `a ${mark}`, type: "MaxSize", value: { max_size: 1 } });
      for (const { id } of [order, size]) await assignQuota(app, userId, id);
      await assignQuota(app, randomUUID(), order.id);
      await api.override(userId, order.id, { enable: false });
      const list = async (query: string) => {
        const answer = await app.request("GET", `${toUserQuotas(userId)}?${query}`);
        expect(answer.status).toBe(200);
        return answer.body;
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

    test("are assigned to many users in one request", async ({ app, api }) => {
      const { id } = await createQuota(app);
      const users = ["c", "a", "b"].map((letter) => `${letter}-${randomUUID()}`);
      const answer = await api.assignAll(id, { user_ids: users });
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({ results: users.map((user_id) => ({ user_id, status: 201, error: null })) });
      expect(await api.countAssigned(id)).toBe(3);
      for (const userId of users) {
        const { body } = await app.request("GET", api.toPath(userId, id));
        expect(await api.listAudit(`${userId}/${id}`)).toMatchObject([{ action: "user_quota.assign", after: body }]);
      }
    });

    test("are assigned to none of many users if one has a quota of the type, unless atomic is false", async ({
      app,
      api,
    }) => {
      const [there, id] = [(await createQuota(app)).id, (await createQuota(app)).id];
      const users = ["c", "b", "a"].map((letter) => `${letter}-${randomUUID()}`);
      const taken = users.slice(0, 2);
      for (const userId of taken) await assignQuota(app, userId, there);
      const atomic = await api.assignAll(id, { user_ids: users });
      const details = { type: "MaxOrderTimes", quota_id: there };
      expect(atomic).toMatchObject({ status: 409, body: { error_code: "USER_QUOTA_CONFLICT", details } });
      expect(atomic.body.error_msg).toContain(taken[0]);
      expect(await api.countAssigned(id)).toBe(0);

      const each = await api.assignAll(id, { user_ids: users, atomic: false });
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
      expect(await api.countAssigned(id)).toBe(1);
    });

    test("are not assigned to many if a user is named twice or impossible, or the quota is unknown", async ({
      app,
      api,
    }) => {
      const { id } = await createQuota(app);
      for (const user_ids of [["a", "a"], [], [""], ["a\u0007"], Array.from({ length: 10_001 }, (_, at) => `u${at}`)])
        expect(await api.assignAll(id, { user_ids }), user_ids.join().slice(0, 20)).toMatchObject({ status: 400 });
      for (const quotaId of [randomUUID(), "nowhere"])
        expect(await api.assignAll(quotaId, { user_ids: ["a"] })).toMatchObject({
          status: 404,
          body: { error_code: "QUOTA_NOT_FOUND" },
        });
    });

    test("are assigned to many users once for each key", async ({ app, api }) => {
      const { id } = await createQuota(app);
      const headers = { "idempotency-key": randomUUID() };
      const body = { user_ids: [randomUUID()] };
      const first = await api.assignAll(id, body, headers);
      expect(await api.assignAll(id, body, headers)).toMatchObject({ status: 200, body: first.body });
      expect(await api.countAssigned(id)).toBe(1);
    });

    test("of one type are assigned to each user once by overlapping lists at the same time", async ({ app, api }) => {
      const users = Array.from({ length: 200 }, () => randomUUID());
      const offered = await Promise.all(Array.from({ length: 4 }, () => createQuota(app)));
      const answer = await Promise.all(
        offered.map(({ id }, turn) =>
          api.assignAll(id, { user_ids: turn % 2 === 0 ? users : users.toReversed(), atomic: false }),
        ),
      );
      const won = answer.flatMap(({ body }) => body.results.filter(({ status }: { status: number }) => status === 201));
      expect(won.map(({ user_id }) => user_id).toSorted()).toEqual(users.toSorted());
      let counted = 0;
      for (const { id } of offered) counted += await api.countAssigned(id);
      expect(counted).toBe(users.length);
    });
  },
);

createQuotaTest("postgres")(
  "a quota is assigned to ten thousand users in a few seconds, with their audit entries",
  { timeout: heavyTestTimeout },
  async ({ app }) => {
    const { id } = await createQuota(app);
    const user_ids = Array.from({ length: 10_000 }, (_, at) => `many-${at}`);
    const startedAt = performance.now();
    const answer = await app.request("POST", `${quotas}/${id}/users`, { user_ids });
    const seconds = (performance.now() - startedAt) / 1000;
    expect(answer.status).toBe(200);
    expect(answer.body.results).toHaveLength(10_000);
    expect((await app.request("GET", `${quotas}/${id}`)).body.assigned_users).toBe(10_000);
    expect((await app.request("GET", "/eom/admin/audit?kind=user_quota")).body.total).toBe(10_000);
    // A second or two on two cores; one statement a user would take minutes.
    expect(seconds).toBeLessThan(20);
  },
);

/** Requests and statements that several tests make. */
function createApi(app: TestApp) {
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

  /** Stores a level as metering would. */
  const setLevel = (userId: string, level: string) =>
    sql`update eom_user_quota set ${sql.raw(level)} where user_id = ${userId}`.execute(app.database.db);

  const listEvents = async (userId: string) => {
    const { rows } = await sql<{ type: string; data: { limit: number } }>`
      select type, data from eom_event where object_id = ${userId} order by created, type desc`.execute(
      app.database.db,
    );
    return rows.map(({ type, data }) => [type, data.limit]);
  };
  return { toPath, assign, override, assignAll, countAssigned, listAudit, setLevel, listEvents };
}
