import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTokenAuthenticator } from "../../src/access/authenticate.ts";
import { systemClock, systemMonotonic } from "../../src/platform/clock.ts";
import { createLogger } from "../../src/platform/log.ts";
import { databaseKinds } from "../support/database/database.ts";
import { createTestApp, isThroughFunctions, type TestApp } from "../support/http/app.ts";

const base = "/eom/admin/tokens";

describe.each(databaseKinds)("a token on %s", (kind) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await createTestApp(kind);
  });
  afterAll(() => app.close());

  const create = async (label: string, role = "viewer") =>
    (await app.request("POST", base, { label, role })).body as { id: string; token: string };
  const withToken = (token: string, headers: Record<string, string> = {}) =>
    ({ role: null, headers: { authorization: `Bearer ${token}`, ...headers } }) as const;

  test("has its label as the subject: in answers, failures, the audit trail and created_by", async () => {
    const { token } = await create("night shift", "admin");
    const me = await app.request("GET", "/eom/admin/me", undefined, withToken(token, { "x-user-id": "ada" }));
    expect(me.body).toEqual({
      subject: "night shift",
      role: "admin",
      authentication: "token",
      on_behalf_of: "ada",
    });
    const missing = await app.request("GET", `${base}/${randomUUID()}`, undefined, withToken(token));
    expect(missing.body).toMatchObject({ error_code: "TOKEN_NOT_FOUND", x_user: "night shift" });
    const made = await app.request("POST", base, { label: "made", role: "meter" }, withToken(token));
    expect(made.body).toMatchObject({ created_by: "night shift" });
    const trail = await app.request("GET", `/eom/admin/audit?object_id=${made.body.id}`);
    expect(trail.body.data).toMatchObject([{ action: "token.create", subject: "night shift" }]);
  });

  test("is created once for two requests with one Idempotency-Key, and both answers show it", async () => {
    const headers = { "idempotency-key": randomUUID() };
    const body = { label: "ci", role: "operator" };
    const first = await app.request("POST", base, body, { headers });
    const second = await app.request("POST", base, body, { headers });
    expect(second).toMatchObject({ status: 201, body: first.body });
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(second.headers.get("location")).toBe(`${base}/${first.body.id}`);
    const { rows } = await sql`select id from eom_token where label = 'ci'`.execute(app.database.db);
    expect(rows).toEqual([{ id: first.body.id }]);
    const other = await app.request("POST", base, { ...body, role: "admin" }, { headers });
    expect(other).toMatchObject({ status: 422, body: { error_code: "IDEMPOTENCY_KEY_REUSED" } });
    expect(JSON.stringify(other.body).includes(first.body.token)).toBe(false);
  });

  test("writes its last use at most once a minute, by the database's clock", async () => {
    const { id, token } = await create("busy");
    const headers = new Headers({ authorization: `Bearer ${token}` });
    const log = createLogger({ level: "silent", format: "json" });
    /** A process without memory reads the database, and records the use if a minute has passed. */
    const use = async () => {
      const needs = { db: app.database.db, clock: systemClock, monotonic: systemMonotonic, log };
      const tokens = createTokenAuthenticator(needs);
      await tokens.authenticate(headers, null);
      await tokens.close();
    };
    const find = async () => {
      const { rows } = await sql<{ used: Date; version: string }>`
        select last_used_at as used, xmin::text as version from eom_token where id = ${id}`.execute(app.database.db);
      return rows[0];
    };
    const setBack = (seconds: number) =>
      sql`update eom_token set last_used_at = now() - make_interval(secs => ${seconds}) where id = ${id}`.execute(
        app.database.db,
      );
    expect((await find())?.used).toBeNull();
    await use();
    const noted = await find();
    expect(noted?.used).toBeInstanceOf(Date);
    await use();
    expect(await find()).toEqual(noted);
    await setBack(55);
    const recent = await find();
    await use();
    expect(await find()).toEqual(recent);
    await setBack(61);
    await use();
    expect((await find())?.used.getTime()).toBeGreaterThanOrEqual(noted?.used.getTime() ?? 0);
  });

  test("is accepted until the instant of its expiry by the database's clock", async () => {
    const { id, token } = await create("short");
    const ask = () => app.request("GET", "/eom/admin/me", undefined, withToken(token));
    const expire = (seconds: number) =>
      sql`update eom_token set expires_at = now() + make_interval(secs => ${seconds}) where id = ${id}`.execute(
        app.database.db,
      );
    await expire(0);
    expect((await ask()).status).toBe(401);
    await expire(60);
    expect((await ask()).status).toBe(200);
  });

  test("is listed by its creation, in complete pages, without its text", async () => {
    const made: { id: string; token: string }[] = [];
    for (const label of ["a", "b", "c"]) made.push(await create(label));
    const { total } = (await app.request("GET", base)).body;
    const seen: string[] = [];
    let url: string | null = `${base}?size=2&asc=false`;
    while (url !== null) {
      const { body } = await app.request("GET", url);
      expect(body.total).toBe(total);
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      for (const { token } of made) expect(JSON.stringify(body).includes(token)).toBe(false);
      expect(Object.keys(body.data[0]).sort()).toEqual(
        ["created", "created_by", "expires_at", "id", "label", "last_used_at", "role"].sort(),
      );
      url =
        body.next_cursor === null ? null : `${base}?size=2&asc=false&cursor=${encodeURIComponent(body.next_cursor)}`;
    }
    expect(seen).toHaveLength(total);
    expect(new Set(seen).size).toBe(total);
    expect(seen.slice(0, 3)).toEqual(made.map(({ id }) => id).reverse());
    const some = await app.request("GET", `${base}?ids=${made[0]?.id}&filter[ids]=${made[2]?.id}`);
    expect(some.body.data.map(({ label }: { label: string }) => label)).toEqual(["a", "c"]);
  });

  test("is refused with every problem at once if label and role are not valid", async () => {
    const answer = await app.request("POST", base, { label: " ", role: "king", more: 1 });
    expect(answer).toMatchObject({ status: 400, body: { error_code: "VALIDATION_ERROR" } });
    const paths = answer.body.details.issues.map(({ path }: { path: string }) => path);
    expect(new Set(paths)).toEqual(new Set(["/label", "/role", "/more"]));
    expect((await app.request("POST", base, { label: "x".repeat(101), role: "viewer" })).status).toBe(400);
  });
});

// Functions refuse EOM_AUTH=none: they do not listen on loopback.
test.skipIf(isThroughFunctions)("without authentication every caller is an admin named anonymous", async () => {
  const app = await createTestApp("embedded", { EOM_AUTH: "none" });
  const answer = await app.request("GET", "/eom/admin/me", undefined, { role: null });
  expect(answer.body).toEqual({ subject: "anonymous", role: "admin", authentication: "none", on_behalf_of: null });
  await app.close();
});
