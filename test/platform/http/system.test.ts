import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { failures } from "../../../src/platform/failure.ts";
import { storages } from "../../contract/described.ts";
import { createTestApp, type TestApp } from "../../support/http/app.ts";
import { patience } from "../../support/time-limits.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp("postgres");
});
afterAll(() => app.close());

const ask = (path: string) => app.request("GET", path, undefined, { role: null });

describe("probes", () => {
  test("find the process alive and ready, without a token", async () => {
    expect(await ask("/healthz")).toMatchObject({ status: 200, body: { status: "ok" } });
    expect(await ask("/readyz")).toMatchObject({ status: 200, body: { status: "ok" } });
  });

  test("find the process not ready while the database lacks a migration, and name the migration", async () => {
    const { db } = app.database;
    await sql`update eom_migration set name = 'x' || name where name = '0001_baseline'`.execute(db);
    // The answer is remembered for a second.
    await vi.waitFor(async () => expect((await ask("/readyz")).status).toBe(503), patience);
    const answer = await ask("/readyz");
    expect(answer).toMatchObject({ status: 503, body: { error_code: "DATABASE_UNAVAILABLE" } });
    expect(answer.body.error_msg).toContain("0001_baseline");
    await sql`update eom_migration set name = '0001_baseline' where name = 'x0001_baseline'`.execute(db);
    await vi.waitFor(async () => expect((await ask("/readyz")).status).toBe(200), patience);
  });
});

describe("/metrics", () => {
  test("counts requests by route and failures by code, without paths, names or ids in labels", async () => {
    await app.request("GET", storages);
    await app.request("GET", `${storages}/secret-path-hunter2`);
    await app.request("GET", "/nowhere/hunter2");
    const { body, headers } = await ask("/metrics");
    expect(headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(body).toContain(
      'eom_http_request_duration_seconds_count{method="GET",route="/eom/admin/storages",status="200"} 1',
    );
    expect(body).toContain('route="/eom/admin/storages/{StorageId}",status="404"');
    expect(body).toContain('eom_http_failures_total{error_code="STORAGE_NOT_FOUND"} 1');
    expect(body).not.toContain("hunter2");
  });

  test("has bounded labels for any methods and paths", async () => {
    for (const method of ["POST", "PURGE", "BREW", "FROB"]) await app.request(method, `/x/${method}`);
    const routes = new Set((await ask("/metrics")).body.match(/route="[^"]*"/g));
    const methods = new Set((await ask("/metrics")).body.match(/method="[^"]*"/g));
    expect([...routes].filter((route) => String(route).includes("/x/"))).toEqual([]);
    expect([...methods].sort()).toEqual(['method="GET"', 'method="POST"', 'method="other"']);
  });
});

describe("/docs", () => {
  const pages = ["/docs", "/docs/errors", "/docs/start.js", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js"];

  test.each(pages)("serves %s", async (path) => {
    const answer = await ask(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test.each(["/docs", "/docs/errors", "/docs/start.js"])("refers to nothing from elsewhere: %s", async (path) => {
    expect((await ask(path)).body).not.toMatch(/(https?:)?\/\/[a-z0-9-]+\./i);
  });

  test("loads only pages that exist", async () => {
    const { body } = await ask("/docs");
    for (const [, path] of body.matchAll(/(?:src|href)="(\/[^"]+)"/g)) expect((await ask(path)).status, path).toBe(200);
  });

  test("forbids the browser to load anything from elsewhere", async () => {
    const policy = (await ask("/docs")).headers.get("content-security-policy") ?? "";
    for (const directive of policy.split(";").map((text) => text.trim()))
      expect(directive).toMatch(/^[a-z-]+( ('none'|'self'|'unsafe-inline'|data:))+$/);
    expect(policy).not.toMatch(/script-src[^;]*unsafe/);
  });

  test("explains every error code at the anchor to which answers refer", async () => {
    const { body } = await ask("/docs/errors");
    for (const code of Object.keys(failures)) expect(body).toContain(`id="${code.toLowerCase()}"`);
  });
});
