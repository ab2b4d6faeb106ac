import { execFileSync } from "node:child_process";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { connectionLimits, type HttpServer, startHttpServer } from "../../src/platform/http/server.ts";
import { createServerApp, type TestApp } from "../support/http/server-app.ts";
import { patience } from "../support/time-limits.ts";

let app: TestApp;
let server: HttpServer;
let browser: Browser;
beforeAll(async () => {
  app = await createServerApp("embedded");
  server = await startHttpServer(app.program.app, "127.0.0.1", 0, connectionLimits);
  // Chromium's sandbox does not work for root. It opens our own pages alone.
  const executablePath = execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});
afterAll(async () => {
  await browser.close();
  await server.stop(0);
  await app.close();
});

let page: Page;
/** The browser's complaints: failed scripts, missing files, violations of the page's policy. */
let complaints: string[];
let hosts: Set<string>;
beforeEach(async () => {
  page = await browser.newPage();
  page.setDefaultTimeout(patience.timeout);
  complaints = [];
  hosts = new Set();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => hosts.add(new URL(request.url()).host));
});
afterEach(() => page.close());

const operationOf = (path: string) => page.locator(".opblock", { has: page.locator(`[data-path="${path}"]`) });

test("/docs lists every operation and webhook, loads files from this server alone, and causes no complaint of the browser", async () => {
  await page.goto(`${server.url}/docs`);
  await page.locator(".opblock").first().waitFor();
  const { body } = await app.request("GET", "/openapi.json");
  const items = Object.values({ ...body.paths, ...body.webhooks } as Record<string, object>);
  expect(await page.locator(".opblock").count()).toBe(items.flatMap((methods) => Object.keys(methods)).length);
  expect(await page.locator(".webhooks .opblock").count()).toBe(Object.keys(body.webhooks).length);
  const shown = await page.locator(".opblock-tag small").allTextContents();
  for (const { description } of body.tags) expect(shown).toContain(description);
  expect([...hosts]).toEqual([new URL(server.url).host]);
  expect(complaints).toEqual([]);
});

test("/docs opens the operation that a link names, with the examples of its bodies", async () => {
  await page.goto(`${server.url}/docs#/quotas/createQuota`);
  const opened = page.locator(".opblock.is-open");
  await opened.waitFor();
  await expect.poll(() => opened.locator(".opblock-section-request-body").textContent()).toContain("basic-orders");
  expect(await opened.count()).toBe(1);
  expect(complaints).toEqual([]);
});

test("/docs sends requests with the entered token, and stores it nowhere", async () => {
  await page.goto(`${server.url}/docs`);
  await page.locator("button.authorize").first().click();
  await page.locator(".auth-container input").fill(app.tokens.operator);
  await page.locator(".auth-btn-wrapper button.authorize").click();
  await page.locator(".auth-btn-wrapper .btn-done").click();
  const operation = operationOf("/eom/admin/me");
  await operation.locator(".opblock-summary-control").click();
  await operation.locator(".try-out__btn").click();
  await operation.locator("button.execute").click();
  const answer = operation.locator(".live-responses-table tbody");
  await expect.poll(() => answer.textContent()).toMatch(/^200[\s\S]*"role": "operator"/);
  expect(page.url()).not.toContain(app.tokens.operator);
  const kept = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
  expect(kept + JSON.stringify(await page.context().cookies())).not.toContain(app.tokens.operator);
  expect(complaints).toEqual([]);
});

test("/docs/errors has an anchor for the code of each answer", async () => {
  await page.goto(`${server.url}/docs/errors#storage_not_found`);
  expect(await page.locator("#storage_not_found").textContent()).toContain("The storage does not exist");
  expect(complaints).toEqual([]);
});
