import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { expect } from "vitest";
import { assignQuota, quotas as base, createQuota, describeQuota, toUserQuotas } from "../contract/provocations.ts";
import type { TestApp } from "../support/http/app.ts";
import { createQuotaTest, describeOnDatabases } from "./fixtures.ts";

describeOnDatabases(
  "quotas",
  (test) => test.extend("api", { scope: "file" }, ({ app }) => createApi(app)),
  (test) => {
    test("are created with the fields of the body and defaults, and read back the same", async ({ app }) => {
      const answer = await app.request("POST", base, {
        name: "basic-orders",
        type: "MaxOrderTimes",
        value: { max_order_times: 100 },
        expire: { type: "every", unit: "month", time_zone: "Europe/Berlin" },
        labels: { team: "eu" },
      });
      expect(answer.status).toBe(201);
      expect(answer.headers.get("location")).toBe(`${base}/${answer.body.id}`);
      expect(answer.headers.get("etag")).toBe('"1"');
      expect(answer.body).toEqual({
        id: expect.any(String),
        name: "basic-orders",
        description: null,
        type: "MaxOrderTimes",
        value: { max_order_times: 100 },
        expire: { type: "every", unit: "month", time_zone: "Europe/Berlin" },
        enable: true,
        labels: { team: "eu" },
        assigned_users: 0,
        created: expect.any(String),
        created_by: "admin",
        modified: answer.body.created,
        modified_by: "admin",
        version: 1,
      });
      expect((await app.request("GET", `${base}/${answer.body.id}`)).body).toEqual(answer.body);
    });

    test("keep null as unlimited, accept numbers as text, and never expire by default", async ({ app }) => {
      const unlimited = await createQuota(app, { type: "MaxSize", value: { max_size: null } });
      expect(unlimited).toMatchObject({ value: { max_size: null }, expire: { type: "never" } });
      const greatest = await createQuota(app, { type: "MaxSize", value: { max_size: "9007199254740991" } });
      expect(greatest).toMatchObject({ value: { max_size: Number.MAX_SAFE_INTEGER } });
    });

    test.for<[string, Record<string, unknown>, string[]]>([
      ["a value of the other type", { value: { max_size: 1 } }, ["/value/max_order_times", "/value/max_size"]],
      ["no number", { value: {} }, ["/value/max_order_times"]],
      ["a number beyond 2^53-1", { value: { max_order_times: "9007199254740992" } }, ["/value/max_order_times"]],
      ["a negative number", { value: { max_order_times: -1 } }, ["/value/max_order_times"]],
      [
        "a level by the month",
        { type: "MaxSize", value: { max_size: 1 }, expire: { type: "every", unit: "month" } },
        ["/expire/type"],
      ],
      [
        "an unknown time zone",
        { expire: { type: "every", unit: "day", time_zone: "Mars/Olympus" } },
        ["/expire/time_zone"],
      ],
      ["an unknown rule", { expire: { type: "sometimes" } }, ["/expire/type"]],
    ])("refuse %s, naming every field", async ([_, changes, paths], { app }) => {
      const answer = await app.request("POST", base, describeQuota(changes));
      expect(answer).toMatchObject({ status: 400, body: { error_code: "VALIDATION_ERROR" } });
      expect(answer.body.details.issues.map(({ path }: { path: string }) => path)).toEqual(paths);
    });

    test.for([
      ["an abbreviation, which Intl and PostgreSQL know", "PST"],
      ["an abbreviation that two regions use", "BST"],
      ["an old name that Intl alone knows", "US/Pacific-New"],
      ["an old name with a fixed rule that Intl alone knows", "SystemV/PST8PDT"],
      ["a name that PostgreSQL reads as a fixed offset, and Node with summer time", "CET"],
      ["the same in lower case", "wet"],
    ])(
      "refuse a time zone that is %s, on create, update and override, and write nothing",
      async ([_, zone], { app, api }) => {
        const expire = { type: "every", unit: "day", time_zone: zone };
        const name = randomUUID();
        const refused = {
          status: 400,
          body: { details: { issues: [{ path: "/expire/time_zone", code: expect.any(String) }] } },
        };
        expect(await app.request("POST", base, describeQuota({ name, expire }))).toMatchObject(refused);
        expect((await app.request("GET", `${base}?keyword=${name}`)).body.total).toBe(0);
        const { id } = await createQuota(app);
        expect(await api.put(id, { expire })).toMatchObject(refused);
        const userId = randomUUID();
        await assignQuota(app, userId, id);
        expect(await app.request("PUT", `${toUserQuotas(userId)}/${id}`, { expire })).toMatchObject(refused);
      },
    );

    test.for(["EST", "GMT", "europe/berlin", "Etc/GMT+5", "EST5EDT"])(
      "accept the time zone %s, whose rules are the same in Node and in PostgreSQL",
      async (time_zone, { app }) => {
        const expire = { type: "every", unit: "day", time_zone };
        expect(await createQuota(app, { expire })).toMatchObject({ expire });
      },
    );

    test("are updated in part, keep the other fields, and increment the version", async ({ app, api }) => {
      const before = await createQuota(app, { description: "old", labels: { a: "b" } });
      const answer = await api.put(before.id, { description: null, value: { max_order_times: 7 } });
      expect(answer).toMatchObject({
        status: 200,
        body: { ...before, description: null, value: { max_order_times: 7 }, version: 2, modified: expect.any(String) },
      });
      expect(answer.headers.get("etag")).toBe('"2"');
    });

    test("change only at the version of If-Match, and answer with the current version otherwise", async ({
      app,
      api,
    }) => {
      const { id } = await createQuota(app);
      expect(await api.put(id, { enable: false }, { "if-match": '"1"' })).toMatchObject({ status: 200 });
      const stale = { status: 412, body: { error_code: "PRECONDITION_FAILED", details: { version: 2 } } };
      expect(await api.put(id, { enable: true }, { "if-match": '"1"' })).toMatchObject(stale);
      const remove = (tag: string) =>
        app.request("DELETE", `${base}/${id}`, undefined, { headers: { "if-match": tag } });
      expect(await remove('"1"')).toMatchObject(stale);
      expect(await remove('"2"')).toMatchObject({ status: 204 });
    });

    test("must fit their type after an update, and name every field that does not", async ({ app, api }) => {
      const { id } = await createQuota(app, { expire: { type: "every", unit: "day" } });
      const answer = await api.put(id, { type: "MaxSize" });
      expect(answer.body.details.issues.map(({ path }: { path: string }) => path)).toEqual([
        "/value/max_size",
        "/value/max_order_times",
        "/expire/type",
      ]);
      const whole = { type: "MaxSize", value: { max_size: 5 }, expire: { type: "never" } };
      expect(await api.put(id, whole)).toMatchObject({ status: 200, body: whole });
    });

    test("keep their type, and are not deleted, while a user has them", async ({ app, api }) => {
      const { id } = await createQuota(app);
      const users = ["b", "a"].map((letter) => `${letter}-${randomUUID()}`);
      for (const userId of users) await assignQuota(app, userId, id);
      const inUse = {
        status: 409,
        body: {
          error_code: "QUOTA_IN_USE",
          details: { total: 2, dependants: users.toSorted().map((user) => ({ kind: "user", id: user, name: null })) },
        },
      };
      expect(await api.put(id, { type: "MaxSize", value: { max_size: 1 } })).toMatchObject(inUse);
      expect(await app.request("DELETE", `${base}/${id}`)).toMatchObject(inUse);
      for (const userId of users) await app.request("DELETE", `${toUserQuotas(userId)}/${id}`);
      expect(await app.request("DELETE", `${base}/${id}`)).toMatchObject({ status: 204 });
      expect(await app.request("GET", `${base}/${id}`)).toMatchObject({ status: 404 });
    });

    test("are not deleted while a user has them, even if assigned_users says 0", async ({ app }) => {
      const { id } = await createQuota(app);
      await assignQuota(app, randomUUID(), id);
      await sql`update eom_quota set assigned_users = 0 where id = ${id}`.execute(app.database.db);
      expect(await app.request("DELETE", `${base}/${id}`)).toMatchObject({
        status: 409,
        body: { error_code: "QUOTA_IN_USE", details: { total: 1 } },
      });
    });

    test("have names that are unique whatever their case", async ({ app, api }) => {
      const { id, name } = await createQuota(app, { name: `Ä ${randomUUID()}` });
      const conflict = {
        status: 409,
        body: { error_code: "QUOTA_NAME_CONFLICT", details: { name: name.toLowerCase() } },
      };
      expect(await app.request("POST", base, describeQuota({ name: name.toLowerCase() }))).toMatchObject(conflict);
      const other = await createQuota(app);
      expect(await api.put(other.id, { name: name.toLowerCase() })).toMatchObject(conflict);
      expect(await api.put(id, { name: name.toUpperCase() })).toMatchObject({ status: 200 });
    });

    test("are created once for each key, however often it is sent", async ({ app }) => {
      const body = describeQuota();
      const options = { headers: { "idempotency-key": randomUUID() } };
      const first = await app.request("POST", base, body, options);
      const again = await app.request("POST", base, body, options);
      expect(again.body).toEqual(first.body);
      expect(again.headers.get("idempotency-replayed")).toBe("true");
      expect(again.headers.get("location")).toBe(`${base}/${first.body.id}`);
    });

    test("are read by viewers, and changed by admins only", async ({ app }) => {
      const { id } = await createQuota(app);
      for (const role of ["viewer", "operator"] as const) {
        expect((await app.request("GET", `${base}/${id}`, undefined, { role })).status).toBe(200);
        expect((await app.request("POST", base, describeQuota(), { role })).status).toBe(403);
        expect((await app.request("PUT", `${base}/${id}`, {}, { role })).status).toBe(403);
        expect((await app.request("DELETE", `${base}/${id}`, undefined, { role })).status).toBe(403);
      }
    });

    test("leave audit entries when they are created, changed and deleted", async ({ app, api }) => {
      const created = await createQuota(app);
      const updated = (await api.put(created.id, { enable: false })).body;
      await app.request("DELETE", `${base}/${created.id}`);
      const { body } = await app.request("GET", `/eom/admin/audit?object_id=${created.id}`);
      const entries = body.data.toSorted((a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1));
      expect(entries).toMatchObject([
        { action: "quota.create", kind: "quota", subject: "admin", before: null, after: created },
        { action: "quota.update", before: created, after: updated },
        { action: "quota.delete", before: updated, after: null },
      ]);
    });

    test("are found by each filter and in each order", async ({ app }) => {
      const mark = randomUUID().slice(0, 8);
      const size = await createQuota(app, {
        name: `b ${mark}`,
        type: "MaxSize",
        value: { max_size: 1 },
        labels: { team: mark },
      });
      const order = await createQuota(app, { name: `a ${mark}`, enable: false, description: `of ${mark}` });
      const find = async (query: string) => {
        const answer = await app.request("GET", `${base}?keyword=${mark}&${query}`);
        expect(answer.status).toBe(200);
        return answer.body.data.map(({ id }: { id: string }) => id);
      };
      expect(await find("")).toEqual([order.id, size.id]);
      expect(await find("asc=false")).toEqual([size.id, order.id]);
      expect(await find("sortby=type")).toEqual([order.id, size.id]);
      expect(await find("sortby=created")).toEqual([size.id, order.id]);
      expect(await find("sortby=modified&asc=0")).toEqual([order.id, size.id]);
      expect(await find("sortby=enable")).toEqual([order.id, size.id]);
      expect(await find("filter[type]=MaxSize")).toEqual([size.id]);
      expect(await find("type=MaxSize&type=MaxOrderTimes")).toHaveLength(2);
      expect(await find("enable=false")).toEqual([order.id]);
      expect(await find(`label=team:${mark}`)).toEqual([size.id]);
      expect(await find(`ids=${size.id}`)).toEqual([size.id]);
      expect(await find("created_to=2020-01-01T00:00:00Z")).toEqual([]);
      expect(await find("modified_from=2020-01-01T00:00:00Z")).toHaveLength(2);
      for (const sort of ["name", "type", "enable", "created", "modified"]) {
        const first = await app.request("GET", `${base}?keyword=${mark}&size=1&sortby=${sort}`);
        const next = await app.request(
          "GET",
          `${base}?keyword=${mark}&size=1&sortby=${sort}&cursor=${first.body.next_cursor}`,
        );
        expect([first.body.data[0].id, next.body.data[0].id], sort).toEqual(await find(`sortby=${sort}`));
        expect(next.body.next_cursor).toBeNull();
      }
    });

    test("are not found by an unknown id, or by an id that is no UUID", async ({ app }) => {
      for (const id of [randomUUID(), "nowhere"]) {
        for (const method of ["GET", "PUT", "DELETE"]) {
          const answer = await app.request(method, `${base}/${id}`, method === "PUT" ? {} : undefined);
          expect(answer, `${method} ${id}`).toMatchObject({ status: 404, body: { error_code: "QUOTA_NOT_FOUND" } });
        }
      }
    });

    test("write one event for each threshold that a changed limit moves a user over, only upward", async ({
      app,
      api,
    }) => {
      const { id } = await createQuota(app, { value: { max_order_times: 100 } });
      const [low, near, over, own] = ["1", "2", "3", "4"].map((letter) => `${letter}-${randomUUID()}`) as [
        string,
        string,
        string,
        string,
      ];
      for (const userId of [low, near, over, own]) await assignQuota(app, userId, id);
      await app.request("PUT", `${toUserQuotas(own)}/${id}`, { value: { max_order_times: 1000 } });
      for (const [userId, used] of [
        [low, 10],
        [near, 45],
        [over, 60],
        [own, 60],
      ] as const)
        await api.use(userId, used, 0);

      await api.put(id, { value: { max_order_times: 50 } });
      const event = (type: string, userId: string, limit: number, used: number) => ({
        type,
        kind: "user_quota",
        object_id: userId,
        data: { user_id: userId, quota_id: id, type: "MaxOrderTimes", limit, used, reserved: 0 },
      });
      const answer = [
        event("quota.warning", near, 50, 45),
        event("quota.warning", over, 50, 60),
        event("quota.exceeded", over, 50, 60),
      ];
      expect(await api.listEvents(id)).toEqual(answer);
      expect(await Promise.all([low, near, over, own].map(api.findRow))).toMatchObject(
        [0, 1, 2, 0].map((threshold) => ({ threshold })),
      );

      await api.put(id, { value: { max_order_times: 50 } });
      await api.put(id, { value: { max_order_times: 1000 } });
      expect(await api.listEvents(id)).toEqual(answer);
      expect(await api.findRow(over)).toMatchObject({ threshold: 0 });

      await api.put(id, { value: { max_order_times: null } });
      expect(await api.listEvents(id)).toEqual(answer);
      expect(await api.findRow(over)).toMatchObject({ threshold: 0 });
    });

    test("write no event for what was used in an earlier period", async ({ app, api }) => {
      const { id } = await createQuota(app, { expire: { type: "every", unit: "day" } });
      const userId = randomUUID();
      await assignQuota(app, userId, id);
      await api.use(userId, 90, 1);
      await sql`update eom_user_quota set period_start = now() - interval '2 days' where user_id = ${userId}`.execute(
        app.database.db,
      );
      await api.put(id, { value: { max_order_times: 10 } });
      expect(await api.listEvents(id)).toEqual([]);
      expect(await api.findRow(userId)).toMatchObject({ threshold: 0 });
    });

    test("write users' new expiry times, except for users with a rule of their own", async ({ app, api }) => {
      const past = "2020-01-01T00:00:00.000Z";
      const future = "2999-01-01T00:00:00.000Z";
      const { id } = await createQuota(app, { expire: { type: "at", at: past } });
      const [follows, own] = [randomUUID(), randomUUID()] as [string, string];
      for (const userId of [follows, own]) await assignQuota(app, userId, id);
      await app.request("PUT", `${toUserQuotas(own)}/${id}`, { expire: { type: "at", at: past } });
      await sql`update eom_user_quota set expiry_told = true where quota_id = ${id}`.execute(app.database.db);
      const rowOf = async (userId: string) => {
        const row = await api.findRow(userId);
        return [row?.expires_at?.toISOString() ?? null, row?.expiry_told];
      };
      await api.put(id, { expire: { type: "at", at: "2021-01-01T00:00:00Z" } });
      expect(await rowOf(follows)).toEqual(["2021-01-01T00:00:00.000Z", true]);
      await api.put(id, { expire: { type: "at", at: future } });
      expect(await rowOf(follows)).toEqual([future, false]);
      await api.put(id, { expire: { type: "never" } });
      expect(await rowOf(follows)).toEqual([null, false]);
      expect(await rowOf(own)).toEqual([past, true]);
    });
  },
);

createQuotaTest("postgres")(
  "a changed limit reaches every user, also more users than one statement takes",
  async ({ app }) => {
    const { id } = await createQuota(app);
    const count = 21_000;
    await sql`insert into eom_user_quota
    (user_id, type, quota_id, assigned, assigned_by, period_start, used, modified, modified_by)
    select 'user-' || number, 'MaxOrderTimes', ${id}::uuid, now(), 'test', now(), 50, now(), 'test'
    from generate_series(1, ${count}::int) as number`.execute(app.database.db);
    await sql`update eom_quota set assigned_users = ${count}::int`.execute(app.database.db);
    const expire = { type: "at", at: "2999-01-01T00:00:00.000Z" };
    const answer = await app.request("PUT", `${base}/${id}`, { value: { max_order_times: 60 }, expire });
    expect(answer.status).toBe(200);
    const { rows } = await sql<{ reported: number; written: number }>`
    select (select count(distinct object_id) from eom_event where type = 'quota.warning') as reported,
      (select count(*) from eom_user_quota where threshold = 1 and expires_at = ${expire.at}) as written`.execute(
      app.database.db,
    );
    expect(rows).toEqual([{ reported: count, written: count }]);
  },
);

/** Requests and statements that several tests make. */
function createApi(app: TestApp) {
  const put = (id: string, changes: unknown, headers: Record<string, string> = {}) =>
    app.request("PUT", `${base}/${id}`, changes, { headers });

  const listEvents = async (quotaId: string) => {
    const { rows } = await sql<{ type: string; kind: string; object_id: string; data: Record<string, unknown> }>`
      select type, kind, object_id, data from eom_event where data ->> 'quota_id' = ${quotaId}
      order by object_id, type = 'quota.exceeded'`.execute(app.database.db);
    return rows;
  };

  /** Stores a level as metering would. */
  const use = (userId: string, used: number, threshold: number) =>
    sql`update eom_user_quota set used = ${used}, threshold = ${threshold} where user_id = ${userId}`.execute(
      app.database.db,
    );

  const findRow = async (userId: string) => {
    const { rows } = await sql<{ threshold: number; expires_at: Date | null; expiry_told: boolean }>`
      select threshold, expires_at, expiry_told from eom_user_quota where user_id = ${userId}`.execute(app.database.db);
    return rows[0];
  };
  return { put, listEvents, use, findRow };
}
