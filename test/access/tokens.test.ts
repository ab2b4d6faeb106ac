import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTokenAuthenticator } from "../../src/access/authenticate.ts";
import { createLogger } from "../../src/platform/log.ts";
import { databaseKinds } from "../support/database/database.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";

const base = "/eom/admin/tokens";
const me = "/eom/admin/me";

describe.each(databaseKinds)("tokens on %s", (kind) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await createTestApp(kind);
  });
  afterAll(() => app.close());

  const create = async (fields: Record<string, unknown> = {}) => {
    const answer = await app.request("POST", base, { label: "ci", role: "viewer", ...fields });
    expect(answer.status).toBe(201);
    return answer.body as { id: string; token: string };
  };
  const askWith = (authorization: string) =>
    app.request("GET", me, undefined, { role: null, headers: { authorization } });

  test("are shown once, when they are created, and are accepted from then on", async () => {
    const answer = await app.request("POST", base, { label: "ci", role: "operator" });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        label: "ci",
        role: "operator",
        expires_at: null,
        last_used_at: null,
        created_by: "admin",
        token: expect.stringMatching(/^eom_[A-Za-z0-9_-]{43}$/),
      },
    });
    const { token, ...rest } = answer.body;
    expect(answer.headers.get("location")).toBe(`${base}/${rest.id}`);
    expect((await app.request("GET", `${base}/${rest.id}`)).body).toEqual(rest);
    expect((await app.request("GET", `${base}?size=100`)).body.data).toContainEqual(rest);
    expect(await askWith(`Bearer ${token}`)).toMatchObject({
      status: 200,
      body: { subject: "ci", role: "operator", authentication: "token", on_behalf_of: null },
    });
  });

  test.each(["Bearer", "bearer", "BEARER"])("are accepted after the scheme %s", async (scheme) => {
    expect((await askWith(`${scheme} ${(await create()).token}`)).status).toBe(200);
  });

  test("are refused with the same message if they are unknown or changed", async () => {
    const { token } = await create();
    const answers = await listRefusals([
      `Bearer ${token}x`,
      `Bearer ${token.slice(0, -1)}`,
      `Bearer ${token.toUpperCase()}`,
      `Bearer ${token} ${token}`,
      "Bearer null",
      `Bearer ${"x".repeat(513)}`,
    ]);
    expect(answers).toEqual(["The token is not known here, was revoked, or has expired"]);
  });

  test("are refused with a sentence about the header if their scheme is missing or another", async () => {
    const { token } = await create();
    const answers = await listRefusals([
      token,
      ` ${token}`,
      `Bearer:${token}`,
      `Bearer  `,
      "Bearer",
      `Basic ${Buffer.from(`admin:${token}`).toString("base64")}`,
      `Token ${token}`,
      "Digest username=admin",
    ]);
    expect(answers).toEqual([expect.stringMatching(/must be 'Bearer <token>'/)]);
    expect(JSON.stringify(answers)).not.toContain(token);
  });

  /** The messages of the refusals, each once. */
  async function listRefusals(refused: readonly string[]): Promise<string[]> {
    const answers = new Set<string>();
    for (const authorization of refused) {
      const answer = await askWith(authorization);
      expect(answer, authorization.slice(0, 20)).toMatchObject({
        status: 401,
        body: { error_code: "UNAUTHENTICATED", x_user: null },
      });
      expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="eom"');
      answers.add(answer.body.error_msg);
    }
    return [...answers];
  }

  test("are neither returned nor logged if they are pasted in place of their id", async () => {
    const { body } = await app.request("POST", base, { label: "pasted", role: "viewer" });
    const answer = await app.request("DELETE", `${base}/${body.token}`);
    expect(answer).toMatchObject({ status: 404, body: { error_code: "TOKEN_NOT_FOUND" } });
    const lost = await app.request("GET", `/nowhere/${body.token}`, undefined, {
      headers: { accept: "application/problem+json" },
    });
    expect(lost.status).toBe(404);
    for (const text of [JSON.stringify(answer.body), JSON.stringify(lost.body), app.log.join("")])
      expect(text).not.toContain(body.token);
  });

  test("are not read from the query", async () => {
    const { token } = await create();
    expect((await app.request("GET", `${me}?access_token=${token}`, undefined, { role: null })).status).toBe(401);
  });

  test("are refused at once after they are revoked, also if they were just used", async () => {
    const { id, token } = await create();
    expect((await askWith(`Bearer ${token}`)).status).toBe(200);
    expect((await app.request("DELETE", `${base}/${id}`)).status).toBe(204);
    expect((await askWith(`Bearer ${token}`)).status).toBe(401);
    expect(await app.request("DELETE", `${base}/${id}`)).toMatchObject({
      status: 404,
      body: { error_code: "TOKEN_NOT_FOUND" },
    });
    expect((await app.request("GET", `${base}/nonsense`)).body.error_code).toBe("TOKEN_NOT_FOUND");
  });

  test("are refused after their expiry, and cannot be created with a past expiry", async () => {
    const { id, token } = await create({ expires_at: new Date(Date.now() + 3_600_000).toISOString() });
    // Not used before: a token in memory has its expiry with it.
    await sql`update eom_token set expires_at = now() - interval '1 second' where id = ${id}`.execute(app.database.db);
    expect((await askWith(`Bearer ${token}`)).status).toBe(401);
    for (const expires_at of ["2020-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "tomorrow", 5]) {
      expect(await app.request("POST", base, { label: "late", role: "viewer", expires_at })).toMatchObject({
        status: 400,
        body: { details: { issues: [{ path: "/expires_at" }] } },
      });
    }
  });

  test("leave their creation and revocation in the audit trail, and never their text", async () => {
    const { id, token } = await create();
    await app.request("DELETE", `${base}/${id}`);
    const { body } = await app.request("GET", `/eom/admin/audit?object_id=${id}`);
    expect(body.data).toMatchObject([
      { action: "token.create", subject: "admin", after: { id, role: "viewer" } },
      { action: "token.revoke", subject: "admin", before: { id }, after: null },
    ]);
    expect(JSON.stringify(body)).not.toContain(token);
  });

  test("show when they were last used", async () => {
    const { id, token } = await create();
    await askWith(`Bearer ${token}`);
    await expect.poll(async () => (await app.request("GET", `${base}/${id}`)).body.last_used_at).toMatch(/Z$/);
  });
});

describe("the memory of a token", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await createTestApp("postgres");
  });
  afterAll(() => app.close());

  const now = new Date();
  const start = () => {
    const clock = { at: now.getTime(), monotonic: 0 };
    const tokens = createTokenAuthenticator({
      db: app.database.db,
      clock: { now: () => new Date(clock.at) },
      monotonic: () => clock.monotonic,
      log: createLogger({ level: "silent", format: "json" }),
    });
    return { clock, tokens };
  };
  const createToken = async (expiresAt: Date | null = null) => {
    const body = { label: randomUUID(), role: "viewer", expires_at: expiresAt?.toISOString() ?? null };
    const { id, token } = (await app.request("POST", "/eom/admin/tokens", body)).body;
    return { id, headers: new Headers({ authorization: `Bearer ${token}` }) };
  };

  test("lasts five seconds: then a revocation by another process is noticed", async () => {
    const { clock, tokens } = start();
    const { id, headers } = await createToken();
    await tokens.authenticate(headers, null);
    await app.request("DELETE", `/eom/admin/tokens/${id}`);
    clock.monotonic += 4_999;
    expect(await tokens.authenticate(headers, null)).toMatchObject({ role: "viewer" });
    clock.monotonic += 1;
    await expect(tokens.authenticate(headers, null)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await tokens.close();
  });

  test("lasts five seconds too when the machine's clock is set back meanwhile", async () => {
    const { clock, tokens } = start();
    const { id, headers } = await createToken();
    await tokens.authenticate(headers, null);
    await app.request("DELETE", `/eom/admin/tokens/${id}`);
    clock.at -= 3_600_000;
    clock.monotonic += 5_000;
    await expect(tokens.authenticate(headers, null)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await tokens.close();
  });

  test("does not outlast its expiry", async () => {
    const { clock, tokens } = start();
    const { headers } = await createToken(new Date(now.getTime() + 60_000));
    clock.at += 59_000;
    await tokens.authenticate(headers, null);
    clock.at += 1_000;
    // Within the five seconds. The database's clock is behind, so its expiry is set to the past.
    await sql`update eom_token set expires_at = now()`.execute(app.database.db);
    await expect(tokens.authenticate(headers, null)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await tokens.close();
  });

  test("is not kept if the token was revoked here while it was looked up", async () => {
    const { tokens } = start();
    const { id, headers } = await createToken();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: locked, resolve: haveLocked } = Promise.withResolvers<void>();
    const lock = app.database.db.transaction().execute(async (tx) => {
      await sql`lock table eom_token in access exclusive mode`.execute(tx);
      haveLocked();
      await released;
    });
    await locked;
    const first = tokens.authenticate(headers, null);
    tokens.forget(id);
    release();
    await lock;
    await first;
    await sql`delete from eom_token where id = ${id}`.execute(app.database.db);
    await expect(tokens.authenticate(headers, null)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await tokens.close();
  });
});
