import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createFirstToken, fixAdminToken } from "../../src/commands/first-token.ts";
import { readConfig } from "../../src/platform/config/config.ts";
import { databaseKinds } from "../support/database/database.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";

describe.each(databaseKinds)("EOM_ADMIN_TOKEN on %s", (kind) => {
  let app: TestApp;
  // New tokens for each test: the process keeps accepted tokens in memory.
  let first: string;
  let second: string;
  beforeAll(async () => {
    app = await createTestApp(kind);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    [first, second] = [randomBytes(20).toString("hex"), randomBytes(20).toString("hex")];
    await sql`delete from eom_token where created_by = 'EOM_ADMIN_TOKEN'`.execute(app.database.db);
  });

  /** Does what a start with this environment does. */
  const start = async (environment: Record<string, string>) => {
    const config = readConfig(environment, []);
    await fixAdminToken(app.program, config);
    return createFirstToken(app.program, config);
  };
  const fix = (token: string) => start({ EOM_ADMIN_TOKEN: token });
  const askWith = (token: string) =>
    app.request("GET", "/eom/admin/me", undefined, { role: null, headers: { authorization: `Bearer ${token}` } });
  const listFixed = async () => {
    const { rows } = await sql`select id, label, role, expires_at from eom_token
      where created_by = 'EOM_ADMIN_TOKEN'`.execute(app.database.db);
    return rows;
  };
  const ofAnAdmin = { id: expect.any(String), label: "admin", role: "admin", expires_at: null };

  test("is an admin's token from the start on, and no token is printed", async () => {
    expect(await fix(first)).toBeNull();
    expect(await askWith(first)).toMatchObject({ status: 200, body: { subject: "admin", role: "admin" } });
    expect(await listFixed()).toEqual([ofAnAdmin]);
  });

  test("is the same token after every start with it", async () => {
    await fix(first);
    const before = await listFixed();
    await fix(first);
    expect(await listFixed()).toEqual(before);
    expect((await askWith(first)).status).toBe(200);
  });

  test("is refused after the variable was changed, and other tokens stay", async () => {
    const { body } = await app.request("POST", "/eom/admin/tokens", { label: "ci", role: "viewer" });
    await fix(first);
    await fix(second);
    expect((await askWith(first)).status).toBe(401);
    expect((await askWith(second)).body).toMatchObject({ role: "admin" });
    expect((await askWith(body.token)).body).toMatchObject({ subject: "ci", role: "viewer" });
    expect(await listFixed()).toEqual([ofAnAdmin]);
  });

  test("may be fixed by several processes that start at once", async () => {
    await Promise.all(Array.from({ length: 8 }, () => fix(first)));
    expect((await askWith(first)).body).toMatchObject({ role: "admin" });
    expect(await listFixed()).toEqual([ofAnAdmin]);
  });

  test("is an admin's also if the same token existed with a lower role, or had expired", async () => {
    const { body } = await app.request("POST", "/eom/admin/tokens", { label: "ci", role: "viewer" });
    await sql`update eom_token set expires_at = now() - interval '1 hour' where id = ${body.id}`.execute(
      app.database.db,
    );
    await fix(body.token);
    expect(await listFixed()).toEqual([{ ...ofAnAdmin, id: body.id }]);
    await fix(second);
    expect((await askWith(body.token)).status).toBe(401);
  });

  test("can be revoked as any token, until the next start with it", async () => {
    await fix(first);
    const { body } = await app.request("GET", "/eom/admin/tokens?size=100");
    const fixed = body.data.find(({ created_by }: { created_by: string }) => created_by === "EOM_ADMIN_TOKEN");
    expect((await app.request("DELETE", `/eom/admin/tokens/${fixed.id}`)).status).toBe(204);
    expect((await askWith(first)).status).toBe(401);
    await fix(first);
    expect((await askWith(first)).status).toBe(200);
  });

  test("left out: a token is created and printed only if there is none and the database is embedded", async () => {
    expect(await start({})).toBeNull();
    await sql`delete from eom_token`.execute(app.database.db);
    const shown = await start({});
    if (kind === "postgres") expect(shown).toBeNull();
    else expect((await askWith(shown ?? "")).body).toMatchObject({ subject: "admin", role: "admin" });
    expect(await start({})).toBeNull();
    expect(await start({ EOM_AUTH: "none" })).toBeNull();
  });
});
