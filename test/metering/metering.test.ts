import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { describe, expect } from "vitest";
import { assignQuota, createMeteredUser, createQuota, meter, toUserQuotas } from "../contract/provocations.ts";
import { createQuotaTest, describeOnDatabases } from "../quotas/fixtures.ts";
import type { TestApp } from "../support/http/app.ts";

const greatestLevel = Number.MAX_SAFE_INTEGER;

describeOnDatabases(
  "metering",
  (test) => test.extend("api", { scope: "file" }, ({ app }) => createApi(app)),
  (test) => {
    describe("consume", () => {
      test("counts amounts that fit, and answers with the level right after", async ({ app, api }) => {
        const user = await createMeteredUser(app, 5);
        const answer = await api.consume(user, { MaxOrderTimes: 4 });
        expect(answer.status).toBe(200);
        expect(answer.body).toMatchObject({ allowed: true, violations: [] });
        expect(answer.body.usage).toEqual({
          MaxOrderTimes: {
            quota_id: expect.any(String),
            limit: 5,
            used: 4,
            reserved: 0,
            remaining: 1,
            resets_at: null,
            state: "warning",
          },
        });
        expect(await api.usageOf(user)).toEqual(answer.body.usage);
      });

      test("refuses a request unless all of it fits, names every type that refuses, and counts nothing", async ({
        api,
      }) => {
        const user = await api.createUser([api.orders(5), api.size(100)]);
        const answer = await api.consume(user, { MaxOrderTimes: 6, MaxSize: 101 });
        expect(answer.status).toBe(403);
        expect(answer.headers.get("retry-after")).toBeNull();
        expect(answer.body.details.violations).toMatchObject([
          { type: "MaxOrderTimes", limit: 5, used: 0, reserved: 0, requested: 6, resets_at: null, reason: "limit" },
          { type: "MaxSize", limit: 100, used: 0, reserved: 0, requested: 101, resets_at: null, reason: "limit" },
        ]);
        expect((await api.consume(user, { MaxOrderTimes: 1, MaxSize: 101 })).body.details.violations).toHaveLength(1);
        expect(await api.usageOf(user)).toMatchObject({ MaxOrderTimes: { used: 0 }, MaxSize: { used: 0 } });
        expect(await api.ledgerOf(user)).toEqual([]);
      });

      test("answers 429 with the time to wait if the next period has room, else 403", async ({ api }) => {
        const user = await api.createUser([
          api.orders(5, { expire: { type: "every", unit: "month", time_zone: "Asia/Tokyo" } }),
        ]);
        await api.consume(user, { MaxOrderTimes: 5 });
        const later = await api.consume(user, { MaxOrderTimes: 1 });
        expect(later.status).toBe(429);
        const { resets_at } = later.body.details.violations[0];
        const inTokyo = Temporal.Instant.from(resets_at).toZonedDateTimeISO("Asia/Tokyo");
        expect([inTokyo.day, inTokyo.hour, inTokyo.minute]).toEqual([1, 0, 0]);
        const wait = (Date.parse(resets_at) - Date.now()) / 1000;
        expect(Number(later.headers.get("retry-after"))).toBeGreaterThan(wait - 60);
        expect(Number(later.headers.get("retry-after"))).toBeLessThan(wait + 60);
        expect((await api.consume(user, { MaxOrderTimes: 6 })).status).toBe(403);
      });

      test("gives back with negative amounts, whatever the limit, and never below 0", async ({ app, api }) => {
        const user = await createMeteredUser(app, 5);
        await api.consume(user, { MaxOrderTimes: 3 });
        expect((await api.consume(user, { MaxOrderTimes: -2 })).body.usage.MaxOrderTimes).toMatchObject({ used: 1 });
        expect((await api.consume(user, { MaxOrderTimes: -20 })).body.usage.MaxOrderTimes).toMatchObject({ used: 0 });
        expect((await api.ledgerOf(user)).map(({ amount }: { amount: number }) => amount)).toEqual([3, -2, -1]);
      });

      test("has no bound but 2^53-1 if the limit is null", async ({ api }) => {
        const user = await api.createUser([api.size(null)]);
        const answer = await api.consume(user, { MaxSize: String(greatestLevel) });
        expect(answer.body.usage.MaxSize).toMatchObject({
          limit: null,
          used: greatestLevel,
          remaining: null,
          state: "ok",
        });
        expect((await api.consume(user, { MaxSize: 1 })).status).toBe(403);
      });

      test("starts again when the period is over, without a sweep", async ({ app, api }) => {
        const user = await api.createUser([
          api.orders(5, { expire: { type: "every", unit: "day", time_zone: "UTC" } }),
        ]);
        await api.consume(user, { MaxOrderTimes: 5 });
        await letPeriodEnd(app, user);
        expect(await api.usageOf(user)).toMatchObject({ MaxOrderTimes: { used: 0, remaining: 5 } });
        expect((await api.consume(user, { MaxOrderTimes: 2 })).body.usage.MaxOrderTimes).toMatchObject({ used: 2 });
      });
    });

    describe("a key", () => {
      test("gets the first answer again, even a refusal after amounts were given back", async ({ app, api }) => {
        const user = await createMeteredUser(app, 5);
        const key = randomUUID();
        const first = await api.consume(user, { MaxOrderTimes: 5 }, key);
        const again = await api.consume(user, { MaxOrderTimes: 5 }, key);
        expect(again.body).toEqual(first.body);
        expect(again.headers.get("idempotency-replayed")).toBe("true");
        const refusal = await api.consume(user, { MaxOrderTimes: 1 }, "refused");
        expect(refusal.status).toBe(403);
        await api.consume(user, { MaxOrderTimes: -5 });
        expect((await api.consume(user, { MaxOrderTimes: 1 }, "refused")).body).toEqual(refusal.body);
        expect((await api.consume(user, { MaxOrderTimes: 1 }, "another")).status).toBe(200);
      });

      test("is refused with another request, which counts nothing", async ({ app, api }) => {
        const user = await createMeteredUser(app, 5);
        await api.consume(user, { MaxOrderTimes: 1 }, "mine");
        expect((await api.consume(user, { MaxOrderTimes: 2 }, "mine")).body.error_code).toBe("IDEMPOTENCY_KEY_REUSED");
        expect(await api.usageOf(user)).toMatchObject({ MaxOrderTimes: { used: 1 } });
      });

      test("counts once when it is sent twenty times at the same time", async ({ app, api }) => {
        const user = await createMeteredUser(app, 50);
        const answer = await Promise.all(
          Array.from({ length: 20 }, () => api.consume(user, { MaxOrderTimes: 2 }, "at once")),
        );
        expect(new Set(answer.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1);
        expect(await api.usageOf(user)).toMatchObject({ MaxOrderTimes: { used: 2 } });
      });

      test("is free again after 24 hours", async ({ app, api }) => {
        const user = await createMeteredUser(app, 5);
        await api.consume(user, { MaxOrderTimes: 1 }, "of yesterday");
        await sql`update eom_metering_answer set expires_at = now()`.execute(app.database.db);
        expect((await api.consume(user, { MaxOrderTimes: 1 }, "of yesterday")).body.usage.MaxOrderTimes.used).toBe(2);
      });

      test.for(["usage/check", "usage/consume", "usage/adjust", "reservations"])(
        "is required by %s",
        async (path, { app }) => {
          const user = await createMeteredUser(app, 5);
          const answer = await app.request("POST", `${user}/${path}`, { amounts: { MaxOrderTimes: 1 } });
          expect(answer.status).toBe(400);
          expect(answer.body.details.issues).toMatchObject([{ path: "/Idempotency-Key" }]);
        },
      );
    });

    test("check answers what consume would decide, and counts nothing", async ({ app, api }) => {
      const user = await api.createUser([api.orders(5), api.size(100)]);
      const check = (amounts: unknown) => meter(app, `${user}/usage/check`, { amounts });
      expect((await check({ MaxOrderTimes: 5, MaxSize: 100 })).body).toMatchObject({ allowed: true, violations: [] });
      const refused = await check({ MaxOrderTimes: 1, MaxSize: 101 });
      expect(refused.status).toBe(200);
      expect(refused.body).toMatchObject({ allowed: false, violations: [{ type: "MaxSize", requested: 101 }] });
      expect(Object.keys(refused.body.usage)).toEqual(["MaxOrderTimes", "MaxSize"]);
      expect(await api.usageOf(user)).toMatchObject({ MaxOrderTimes: { used: 0 }, MaxSize: { used: 0 } });
    });

    test("adjust counts beyond the limit, for admins only", async ({ app, api }) => {
      const user = await createMeteredUser(app, 5);
      const adjust = (role: "admin" | "meter") =>
        meter(app, `${user}/usage/adjust`, { amounts: { MaxOrderTimes: 7 } }, randomUUID(), role);
      expect((await adjust("meter")).status).toBe(403);
      const answer = await adjust("admin");
      expect(answer.body.usage.MaxOrderTimes).toMatchObject({ used: 7, remaining: 0, state: "exceeded" });
      expect((await api.consume(user, { MaxOrderTimes: 1 })).status).toBe(403);
      expect(await api.ledgerOf(user)).toMatchObject([{ kind: "adjust", amount: 7, created_by: "admin" }]);
    });

    test("adjust writes one audit row with the amounts before and after it, and none for a replay or a consume", async ({
      app,
    }) => {
      const user = await createMeteredUser(app, 5);
      const key = randomUUID();
      await meter(app, `${user}/usage/consume`, { amounts: { MaxOrderTimes: 2 } });
      for (let turn = 0; turn < 2; turn += 1)
        await meter(app, `${user}/usage/adjust`, { amounts: { MaxOrderTimes: 7, MaxSize: 1 } }, key);
      const userId = decodeURIComponent(user.split("/").at(-1) ?? "");
      const { body } = await app.request("GET", `/eom/admin/audit?kind=usage&object_id=${encodeURIComponent(userId)}`);
      expect(body.data).toMatchObject([
        {
          action: "usage.adjust",
          subject: "admin",
          before: { used: { MaxOrderTimes: 2, MaxSize: 0 } },
          after: { used: { MaxOrderTimes: 9, MaxSize: 0 } },
          request_id: expect.any(String),
        },
      ]);
    });

    describe("a reservation", () => {
      test("counts against the limit until it is committed; unused amounts are given back", async ({ app, api }) => {
        const user = await api.createUser([api.orders(5), api.size(100)]);
        const made = await api.reserve(user, { MaxOrderTimes: 3, MaxSize: 60 });
        expect(made.status).toBe(201);
        expect(made.body).toMatchObject({ state: "open", amounts: { MaxOrderTimes: 3, MaxSize: 60 }, committed: null });
        expect((await app.request("GET", made.headers.get("location") ?? "")).body).toEqual(made.body);
        expect((await api.consume(user, { MaxOrderTimes: 3 })).body.details.violations).toMatchObject([
          { reserved: 3 },
        ]);
        const commit = `${user}/reservations/${made.body.id}/commit`;
        const tooMuch = await meter(app, commit, { amounts: { MaxOrderTimes: 4 } });
        expect(tooMuch.status).toBe(400);
        expect(tooMuch.body.details.issues).toMatchObject([{ path: "/amounts/MaxOrderTimes", code: "too_big" }]);
        const closed = await meter(app, commit, { amounts: { MaxOrderTimes: 2 } }, "commit");
        expect(closed.body).toMatchObject({ state: "committed", committed: { MaxOrderTimes: 2, MaxSize: 0 } });
        expect((await meter(app, commit, { amounts: { MaxOrderTimes: 2 } }, "commit")).body).toEqual(closed.body);
        expect(await api.usageOf(user)).toMatchObject({
          MaxOrderTimes: { used: 2, reserved: 0 },
          MaxSize: { used: 0, reserved: 0 },
        });
      });

      test("is committed with all its amounts if none are given", async ({ app, api }) => {
        const user = await createMeteredUser(app, 5);
        const { body } = await api.reserve(user, { MaxOrderTimes: 3 });
        const closed = await meter(app, `${user}/reservations/${body.id}/commit`, {});
        expect(closed.body.committed).toEqual({ MaxOrderTimes: 3 });
        expect(await api.usageOf(user)).toMatchObject({ MaxOrderTimes: { used: 3, reserved: 0 } });
      });

      test("is closed once", async ({ app, api }) => {
        const user = await createMeteredUser(app, 5);
        const { body } = await api.reserve(user, { MaxOrderTimes: 3 });
        const path = `${user}/reservations/${body.id}`;
        expect((await meter(app, `${path}/release`)).body).toMatchObject({ state: "released", committed: null });
        const late = await meter(app, `${path}/commit`, {});
        expect(late.status).toBe(409);
        expect(late.body.details).toEqual({ state: "released" });
        expect(await api.usageOf(user)).toMatchObject({ MaxOrderTimes: { used: 0, reserved: 0 } });
      });

      test("that has expired no longer counts, before any sweep, and cannot be committed", async ({ app, api }) => {
        const user = await createMeteredUser(app, 5);
        const { body } = await api.reserve(user, { MaxOrderTimes: 5 });
        await sql`update eom_quota_reservation set expires_at = now() where id = ${body.id}::uuid`.execute(
          app.database.db,
        );
        const path = `${user}/reservations/${body.id}`;
        expect((await meter(app, `${path}/commit`, {})).body.details).toEqual({ state: "expired" });
        expect(await api.usageOf(user)).toMatchObject({ MaxOrderTimes: { reserved: 0, remaining: 5 } });
        expect((await api.consume(user, { MaxOrderTimes: 5 })).status).toBe(200);
        expect((await app.request("GET", path)).body.state).toBe("expired");
        expect(
          (await api.ledgerOf(user)).map(({ kind, amount }: { kind: string; amount: number }) => [kind, amount]).sort(),
        ).toEqual([
          ["consume", 5],
          ["expire", -5],
          ["reserve", 5],
        ]);
      });

      test("of an earlier period does not change the level of the new one", async ({ app, api }) => {
        const user = await api.createUser([
          api.orders(5, { expire: { type: "every", unit: "day", time_zone: "UTC" } }),
        ]);
        const { body } = await api.reserve(user, { MaxOrderTimes: 5 });
        await letPeriodEnd(app, user);
        expect((await api.consume(user, { MaxOrderTimes: 4 })).status).toBe(200);
        await meter(app, `${user}/reservations/${body.id}/commit`, {});
        expect(await api.usageOf(user)).toMatchObject({ MaxOrderTimes: { used: 4, reserved: 0 } });
      });

      test("of another user is not found", async ({ app, api }) => {
        const user = await createMeteredUser(app, 5);
        const { body } = await api.reserve(user, { MaxOrderTimes: 1 });
        const other = await createMeteredUser(app, 5);
        expect((await meter(app, `${other}/reservations/${body.id}/release`)).status).toBe(404);
      });
    });

    describe("the ledger", () => {
      test("is paged by time and filtered", async ({ app, api }) => {
        const user = await createMeteredUser(app, 50);
        for (const amount of [1, 2, 3]) await api.consume(user, { MaxOrderTimes: amount });
        await meter(app, `${user}/usage/adjust`, { amounts: { MaxOrderTimes: 4 } });
        const first = await app.request("GET", `${user}/usage/ledger?size=2`, undefined, { role: "meter" });
        expect(first.body).toMatchObject({ total: 4, data: [{ amount: 1 }, { amount: 2 }] });
        const next = await app.request("GET", `${user}/usage/ledger?size=2&cursor=${first.body.next_cursor}`);
        expect(next.body.data).toMatchObject([{ amount: 3 }, { amount: 4 }]);
        expect(next.body.next_cursor).toBeNull();
        expect((await app.request("GET", `${user}/usage/ledger?kind=adjust`)).body).toMatchObject({ total: 1 });
        expect(Object.keys(first.body.data[0])).toEqual([
          "id",
          "type",
          "amount",
          "kind",
          "reservation_id",
          "created",
          "created_by",
        ]);
      });

      test("cannot be changed or deleted", async ({ app, api }) => {
        const user = await createMeteredUser(app, 5);
        await api.consume(user, { MaxOrderTimes: 1 });
        const { db } = app.database;
        await expect(sql`update eom_quota_ledger set amount = 0`.execute(db)).rejects.toThrow("never changed");
        await expect(sql`delete from eom_quota_ledger`.execute(db)).rejects.toThrow("never changed");
      });
    });

    describe("refused with a reason, without counting:", () => {
      test.for([
        ["an expired quota", { expire: { type: "at", at: "2026-01-01T00:00:00.000Z" } }, "expired"],
        ["a disabled quota", { enable: false }, "disabled"],
      ])("%s", async ([_what, changes, reason], { api }) => {
        const user = await api.createUser([api.orders(5, changes)]);
        const answer = await api.consume(user, { MaxOrderTimes: 1 });
        expect(answer.status).toBe(403);
        expect(answer.body.details.violations).toMatchObject([{ reason }]);
        expect(answer.body.error_msg).toContain(reason);
        expect(await api.usageOf(user)).toMatchObject({ MaxOrderTimes: { used: 0, state: reason } });
      });

      test("an unknown user, or one without a quota of the type", async ({ app, api }) => {
        const answer = await api.consume("/eom/admin/users/nobody", { MaxOrderTimes: 1 });
        expect(answer.status).toBe(403);
        expect(answer.body.details.violations).toEqual([
          {
            quota_id: null,
            type: "MaxOrderTimes",
            limit: 0,
            used: 0,
            reserved: 0,
            requested: 1,
            resets_at: null,
            reason: "no_quota",
          },
        ]);
        const user = await createMeteredUser(app, 5);
        expect((await api.consume(user, { MaxOrderTimes: 1, MaxSize: 1 })).body.details.violations).toMatchObject([
          { type: "MaxSize", reason: "no_quota" },
        ]);
        expect(await api.usageOf(user)).toMatchObject({ MaxOrderTimes: { used: 0 } });
      });

      test.for([
        ["no amounts", {}, "/amounts"],
        ["an unknown type", { MaxCats: 1 }, "/amounts/MaxCats"],
        ["a fraction", { MaxOrderTimes: 1.5 }, "/amounts/MaxOrderTimes"],
        ["text", { MaxOrderTimes: "many" }, "/amounts/MaxOrderTimes"],
        ["beyond 2^53-1", { MaxOrderTimes: 2 ** 53 }, "/amounts/MaxOrderTimes"],
        ["beyond 2^53-1 as text", { MaxOrderTimes: "9007199254740992" }, "/amounts/MaxOrderTimes"],
        ["null", { MaxOrderTimes: null }, "/amounts/MaxOrderTimes"],
      ])("%s", async ([_what, amounts, path], { app, api }) => {
        const user = await createMeteredUser(app, 5);
        const answer = await api.consume(user, amounts);
        expect(answer.status).toBe(400);
        expect(answer.body.details.issues).toContainEqual(expect.objectContaining({ path }));
        expect(await api.ledgerOf(user)).toEqual([]);
      });

      test.for([
        ["usage/check", { amounts: { MaxOrderTimes: -1 } }, "/amounts/MaxOrderTimes"],
        ["reservations", { amounts: { MaxOrderTimes: -1 } }, "/amounts/MaxOrderTimes"],
        ["reservations", { amounts: { MaxOrderTimes: 0 } }, "/amounts/MaxOrderTimes"],
        ["reservations", { amounts: { MaxOrderTimes: 1 }, ttl_seconds: 0 }, "/ttl_seconds"],
        ["reservations", { amounts: { MaxOrderTimes: 1 }, ttl_seconds: 1e9 }, "/ttl_seconds"],
      ])("%s of %j", async ([path, body, at], { app }) => {
        const user = await createMeteredUser(app, 5);
        const answer = await meter(app, `${user}/${path}`, body);
        expect(answer.body.details.issues).toMatchObject([{ path: at }]);
      });

      test("viewers and operators, who may not meter", async ({ app }) => {
        const user = await createMeteredUser(app, 5);
        for (const role of ["viewer", "operator"] as const) {
          const answer = await meter(
            app,
            `${user}/usage/consume`,
            { amounts: { MaxOrderTimes: 1 } },
            randomUUID(),
            role,
          );
          expect(answer.body.error_code).toBe("FORBIDDEN");
        }
      });
    });

    describe("events are written once for each threshold that is crossed:", () => {
      test("warning, then exceeded, and again after amounts were given back", async ({ app, api }) => {
        const user = await createMeteredUser(app, 10);
        await api.consume(user, { MaxOrderTimes: 7 });
        expect(await api.eventsOf(user)).toEqual([]);
        await api.consume(user, { MaxOrderTimes: 1 });
        await api.consume(user, { MaxOrderTimes: 1 });
        expect(await api.eventsOf(user)).toEqual(["quota.warning"]);
        await api.consume(user, { MaxOrderTimes: 1 });
        await api.consume(user, { MaxOrderTimes: 1 });
        expect(await api.eventsOf(user)).toEqual(["quota.warning", "quota.exceeded"]);
        await api.consume(user, { MaxOrderTimes: -9 });
        await api.consume(user, { MaxOrderTimes: 9 });
        expect((await api.eventsOf(user)).sort()).toEqual([
          "quota.exceeded",
          "quota.exceeded",
          "quota.warning",
          "quota.warning",
        ]);
      });

      test("none without a limit", async ({ api }) => {
        const user = await api.createUser([api.size(null)]);
        await api.consume(user, { MaxSize: greatestLevel });
        expect(await api.eventsOf(user)).toEqual([]);
      });

      test("expired, written by the sweep", async ({ app, api }) => {
        const user = await api.createUser([api.orders(5, { expire: { type: "at", at: "2026-01-01T00:00:00.000Z" } })]);
        await app.program.workers.tick("sweep");
        await app.program.workers.tick("sweep");
        expect(await api.eventsOf(user)).toEqual(["quota.expired"]);
        const quota = (await app.request("GET", toUserQuotas(decodeURIComponent(user.split("/").at(-1) ?? "")))).body
          .data[0];
        expect(quota.usage.state).toBe("expired");
      });
    });
  },
);

const allowTest = createQuotaTest("postgres", { EOM_QUOTA_DEFAULT: "allow" });

allowTest("with EOM_QUOTA_DEFAULT=allow, types without a quota are allowed and not counted", async ({ app }) => {
  const user = await createMeteredUser(app, 5);
  const answer = await meter(app, `${user}/usage/consume`, { amounts: { MaxOrderTimes: 1, MaxSize: 7 } });
  expect(answer.body).toMatchObject({ allowed: true, usage: { MaxOrderTimes: { used: 1 } } });
  expect(answer.body.usage).not.toHaveProperty("MaxSize");
  expect((await meter(app, `${user}/usage/check`, { amounts: { MaxSize: 7 } })).body.allowed).toBe(true);
  const reserved = await meter(app, `${user}/reservations`, { amounts: { MaxSize: 7 } });
  const committed = await meter(app, `${user}/reservations/${reserved.body.id}/commit`, {});
  expect(committed.body.committed).toEqual({ MaxSize: 7 });
  expect((await app.request("GET", `${user}/usage/ledger`)).body.total).toBe(1);
});

async function letPeriodEnd(app: TestApp, user: string): Promise<void> {
  const userId = decodeURIComponent(user.split("/").at(-1) ?? "");
  // Reservations keep the start of their period, so theirs moves back with that of the level.
  await sql`update eom_quota_reservation set period_start = period_start - interval '40 days' where user_id = ${userId}`.execute(
    app.database.db,
  );
  await sql`update eom_user_quota set period_start = period_start - interval '40 days' where user_id = ${userId}`.execute(
    app.database.db,
  );
}

/** Requests and statements that several tests make. */
function createApi(app: TestApp) {
  const consume = (user: string, amounts: unknown, key?: string) =>
    meter(app, `${user}/usage/consume`, { amounts }, key);

  const usageOf = async (user: string) => (await app.request("GET", `${user}/usage`)).body.usage;

  const ledgerOf = async (user: string) => (await app.request("GET", `${user}/usage/ledger?size=100`)).body.data;

  async function createUser(quotas: Record<string, unknown>[]): Promise<string> {
    const userId = `metered/${randomUUID()}`;
    for (const quota of quotas) await assignQuota(app, userId, (await createQuota(app, quota)).id);
    return `/eom/admin/users/${encodeURIComponent(userId)}`;
  }

  const size = (maxSize: number | null, changes = {}) => ({
    type: "MaxSize",
    value: { max_size: maxSize },
    ...changes,
  });

  const orders = (times: number | null, changes = {}) => ({ value: { max_order_times: times }, ...changes });

  const reserve = (user: string, amounts: unknown, ttl_seconds = 60) =>
    meter(app, `${user}/reservations`, { amounts, ttl_seconds });

  const eventsOf = async (user: string) => {
    const { rows } = await sql<{ type: string }>`select type from eom_event
        where object_id = ${decodeURIComponent(user.split("/").at(-1) ?? "")} order by created, id`.execute(
      app.database.db,
    );
    return rows.map(({ type }) => type);
  };
  return { consume, usageOf, ledgerOf, createUser, size, orders, reserve, eventsOf };
}
