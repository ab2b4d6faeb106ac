import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { describe, expect } from "vitest";
import { listScans } from "../../../bench/plan.ts";
import { recordStatements } from "../../../bench/statements.ts";
import type { ListUsers } from "../../../src/quotas/assignments/model.ts";
import { listUserIds } from "../../../src/quotas/assignments/users-list.ts";
import { assignQuota, createQuota, toUserQuotas } from "../../contract/provocations.ts";
import type { TestApp } from "../../support/http/app.ts";
import { createQuotaTest, describeOnDatabases } from "../fixtures.ts";

const base = "/eom/admin/users";

interface Item {
  readonly user_id: string;
  readonly quotas: { readonly type: string }[];
}

describeOnDatabases(
  "users that have quotas",
  (test) =>
    test
      .extend("api", { scope: "file" }, ({ app }) => createApi(app))
      .extend("orders", { scope: "file" }, async ({ app }) => (await createQuota(app)).id)
      .extend(
        "bytes",
        { scope: "file" },
        async ({ app }) => (await createQuota(app, { type: "MaxSize", value: { max_size: 10 } })).id,
      ),
  (test) => {
    test.beforeEach(async ({ app }) => {
      await sql`delete from eom_user_quota`.execute(app.database.db);
    });

    test("are listed once each, in the order of their ids' bytes, with all their quotas", async ({
      app,
      api,
      orders,
      bytes,
    }) => {
      for (const userId of ["b", "Z", "ä", "a/b"]) await assignQuota(app, userId, orders);
      await assignQuota(app, "b", bytes);
      const answer = await api.list();
      expect(answer).toMatchObject({ total: 4, total_exact: true, next_cursor: null });
      expect(answer.data.map(({ user_id }: Item) => user_id)).toEqual(["Z", "a/b", "b", "ä"]);
      const both = (await app.request("GET", `${toUserQuotas("b")}?sortby=type`)).body.data;
      expect(both).toHaveLength(2);
      expect(answer.data[2]).toEqual({ user_id: "b", quotas: both });
      expect(await api.find("asc=false")).toEqual(["ä", "b", "a/b", "Z"]);
    });

    test("page by cursor and by number, in both directions, to the end and no further", async ({
      app,
      api,
      orders,
      bytes,
    }) => {
      const users = Array.from({ length: 11 }, (_, at) => `user-${String(at).padStart(2, "0")}`);
      for (const userId of users) await assignQuota(app, userId, orders);
      for (const userId of users.slice(3, 6)) await assignQuota(app, userId, bytes);
      expect(await api.walk("size=3")).toEqual(users);
      expect(await api.walk("size=4&asc=false")).toEqual(users.toReversed());
      expect(await api.find("size=3&page=1")).toEqual(users.slice(3, 6));
      expect(await api.list("size=3&page=9")).toMatchObject({ data: [], total: 11 });
    });

    test("refuse a cursor of another filter, or one that was changed", async ({ app, api, orders }) => {
      for (const userId of ["a", "b", "c"]) await assignQuota(app, userId, orders);
      const { next_cursor } = await api.list("size=1");
      const ask = (query: string) => app.request("GET", `${base}?${query}`);
      expect(await ask(`size=1&exceeded=true&cursor=${next_cursor}`)).toMatchObject({
        status: 400,
        body: { details: { issues: [{ path: "/cursor", code: "cursor_of_another_list" }] } },
      });
      const parts: unknown[] = JSON.parse(Buffer.from(next_cursor, "base64url").toString("utf8"));
      for (const changed of [
        parts.with(1, "b"),
        parts.with(2, randomUUID()),
        parts.with(2, ""),
        parts.slice(1),
        null,
      ]) {
        const cursor = Buffer.from(JSON.stringify(changed)).toString("base64url");
        expect((await ask(`size=1&cursor=${cursor}`)).status).toBe(400);
      }
    });

    test("are found as exceeded while one of their quotas is, in the current period", async ({
      app,
      api,
      orders,
      bytes,
    }) => {
      const monthly = (await createQuota(app, { expire: { type: "every", unit: "month" } })).id;
      for (const userId of ["a", "b", "d"]) await assignQuota(app, userId, orders);
      await assignQuota(app, "b", bytes);
      for (const userId of ["c", "e"]) await assignQuota(app, userId, monthly);
      await api.set("b", bytes, "threshold = 2");
      await api.set("c", monthly, "threshold = 2, period_start = now() - interval '40 days'");
      await api.set("d", orders, "threshold = 1");
      await api.set("e", monthly, "threshold = 2");
      expect(await api.list("exceeded=true")).toMatchObject({ total: 2 });
      expect(await api.find("exceeded=true")).toEqual(["b", "e"]);
      expect(await api.walk("filter[exceeded]=1&size=1")).toEqual(["b", "e"]);
      expect(await api.list("exceeded=false")).toMatchObject({ total: 3 });
      expect(await api.find("exceeded=false")).toEqual(["a", "c", "d"]);
      expect(await api.walk("exceeded=0&size=1&asc=0")).toEqual(["d", "c", "a"]);
    });

    test("are found by quotas that expire before a time or have expired, and by both filters together", async ({
      app,
      api,
      orders,
      bytes,
    }) => {
      for (const userId of ["a", "b", "c", "d"]) await assignQuota(app, userId, orders);
      await assignQuota(app, "c", bytes);
      await api.set("a", orders, "expires_at = '2030-01-01'");
      await api.set("b", orders, "expires_at = '2020-01-01', threshold = 2");
      await api.set("c", orders, "expires_at = '2026-01-01'");
      await api.set("c", bytes, "expires_at = '2025-01-01', threshold = 2");
      const beforeYear = (year: number) => `expiring_before=${year}-01-01T00:00:00Z`;
      expect(await api.find(beforeYear(2020))).toEqual([]);
      expect(await api.find(beforeYear(2021))).toEqual(["b"]);
      expect(await api.list(beforeYear(2031))).toMatchObject({ total: 3 });
      expect(await api.walk(`size=1&${beforeYear(2031)}`)).toEqual(["a", "b", "c"]);
      expect(await api.walk(`size=1&asc=false&${beforeYear(2031)}`)).toEqual(["c", "b", "a"]);
      expect(await api.find(`exceeded=true&${beforeYear(2031)}`)).toEqual(["b", "c"]);
      expect(await api.find(`exceeded=false&${beforeYear(2031)}`)).toEqual(["a"]);
      expect(await api.find(`page=1&size=2&${beforeYear(2031)}`)).toEqual(["c"]);
    });
  },
);

const postgresTest = createQuotaTest("postgres");

describe("a list of forty thousand users", () => {
  const test = postgresTest;
  test.beforeAll(async ({ app }) => {
    const { id } = await createQuota(app, { expire: { type: "every", unit: "month" } });
    await sql`insert into eom_user_quota
      (user_id, type, quota_id, assigned, assigned_by, period_start, threshold, expires_at, modified, modified_by)
      select 'user-' || lpad(number::text, 8, '0'), 'MaxOrderTimes', ${id}::uuid, now(), 'test', now(),
        case when number % 50 = 0 then 2 else 0 end,
        case when number % 100 = 7 then timestamptz '2026-01-01' when number > 25000 then timestamptz '2036-01-01' end,
        now(), 'test'
      from generate_series(1, 40000) as number order by random()`.execute(app.database.db);
    await sql`analyze eom_user_quota`.execute(app.database.db);
  });

  const start = { by: "offset", offset: 0 } as const;
  const soon = new Date("2030-01-01T00:00:00Z");
  const late = new Date("2040-01-01T00:00:00Z");
  test.for<[string, Partial<ListUsers>, string, number, string]>([
    ["all", {}, "eom_user_quota_type", 10_001, "user-00000001"],
    ["the exceeded", { exceeded: true }, "eom_user_quota_exceeded", 800, "user-00000050"],
    ["the others", { exceeded: false }, "eom_user_quota_type", 10_001, "user-00000001"],
    ["few that expire", { expiring_before: soon }, "eom_user_quota_expires_at", 400, "user-00000007"],
    ["many that expire", { expiring_before: late }, "eom_user_quota_type", 10_001, "user-00000007"],
    ["both", { exceeded: true, expiring_before: late }, "eom_user_quota_exceeded", 300, "user-00025050"],
  ])("finds %s by an index, and starts with the first in order", async ([_, filter, index, total, first], { app }) => {
    const recorded = recordStatements(app.database.db);
    const query = { size: 8, asc: true, sortby: "user_id", ...filter } as const;
    for (let run = 0; run < 7; run += 1) {
      recorded.take();
      const page = await listUserIds(recorded.db, query, start);
      expect(page.total).toBe(total);
      expect(page.rows).toHaveLength(9);
      expect(page.rows[0]).toBe(first);
    }
    const scans: string[] = [];
    for (const statement of recorded.take()) scans.push(...(await listScans(app.database.db, statement)));
    expect(scans.join()).toContain(index);
    expect(scans).not.toContain("Seq Scan eom_user_quota");
  });
});

/** Requests and statements that several tests make. */
function createApi(app: TestApp) {
  const set = (userId: string, quotaId: string, changes: string) =>
    sql`update eom_user_quota set ${sql.raw(changes)} where user_id = ${userId} and quota_id = ${quotaId}`.execute(
      app.database.db,
    );

  const list = async (query = "") => {
    const answer = await app.request("GET", `${base}?${query}`);
    expect(answer.status, query).toBe(200);
    return answer.body;
  };

  const find = async (query = "") => (await list(query)).data.map(({ user_id }: Item) => user_id);

  /** Reads all pages by cursor. */
  const walk = async (query: string) => {
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const answer: { data: Item[]; next_cursor: string | null } = await list(
        `${query}${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      seen.push(...answer.data.map(({ user_id }) => user_id));
      cursor = answer.next_cursor;
    }
    return seen;
  };
  return { set, list, find, walk };
}
