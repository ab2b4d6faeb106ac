import { randomBytes, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pausesSeconds } from "../../src/notifications/deliveries/retries.ts";
import { attemptErrors, eventPatterns } from "../../src/notifications/model.ts";
import { inTransaction } from "../../src/platform/database/transaction.ts";
import { webhooks as base, createWebhook } from "../contract/provocations.ts";
import { findCanaries } from "../support/canary.ts";
import { databaseKinds } from "../support/database/database.ts";
import { dumpDatabase } from "../support/database/dump.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { insertAnyEvent } from "./any-event.ts";
import { isSignedBy, type Receiver, refuse, startReceiver, take } from "./receiver.ts";

const address = "https://hooks.example.org/eom";
const createSecret = () => `whsec_${randomBytes(32).toString("base64")}`;

describe.each(databaseKinds)("webhooks on %s", (kind) => {
  let app: TestApp;
  let receiver: Receiver;
  beforeAll(async () => {
    app = await createTestApp(kind);
    receiver = await startReceiver();
  });
  afterAll(async () => {
    await app.close();
    await receiver.close();
  });

  const emit = (objectId: string) =>
    inTransaction(app.database.db, (tx) =>
      insertAnyEvent(tx, { type: "session.failed", kind: "session", objectId, data: {} }),
    );

  test("are created as requested; the secret that EOM creates is in this answer and in no later answer", async () => {
    const created = await app.request("POST", base, {
      address: "HTTPS://Hooks.Example.org/eom",
      event_types: ["session.*", "session.*"],
      labels: { team: "eu" },
    });
    expect(created.status).toBe(201);
    expect(created.headers.get("location")).toBe(`${base}/${created.body.id}`);
    expect(created.headers.get("etag")).toBe('"1"');
    const { secret, ...webhook } = created.body;
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(webhook).toEqual({
      id: expect.any(String),
      address,
      event_types: ["session.*"],
      description: null,
      enable: true,
      disabled_reason: null,
      labels: { team: "eu" },
      previous_secret_until: null,
      state: "healthy",
      consecutive_failures: 0,
      last_success: null,
      last_failure: null,
      last_error: null,
      deliveries: { pending: 0, dead: 0 },
      created: expect.any(String),
      created_by: "admin",
      modified: webhook.created,
      modified_by: "admin",
      version: 1,
    });
    expect((await app.request("GET", `${base}/${webhook.id}`)).body).toEqual(webhook);
    const listed = await app.request("GET", `${base}?filter[label]=team:eu&state=healthy&keyword=EXAMPLE.org`);
    expect(listed.body).toMatchObject({ data: [webhook], total: 1 });
    expect((await app.request("GET", `${base}?state=failing`)).body.total).toBe(0);
  });

  test.each([
    ["no address", { event_types: ["*"] }, ["/address"]],
    ["another scheme", { address: "ftp://example.org", event_types: ["*"] }, ["/address"]],
    ["a password in the address", { address: "https://u:p@example.org", event_types: ["*"] }, ["/address"]],
    ["no type", { address, event_types: [] }, ["/event_types"]],
    ["unknown types", { address, event_types: ["*", "storage.born", "sess*"] }, ["/event_types/1", "/event_types/2"]],
    ["a secret of another form", { address, event_types: ["*"], secret: "hunter2" }, ["/secret"]],
    ["a short secret", { address, event_types: ["*"], secret: "whsec_c2hvcnQ=" }, ["/secret"]],
    ["the mask", { address, event_types: ["*"], secret: "set" }, ["/secret"]],
  ])("are refused with %s, and the answer names every wrong field", async (_, body, paths) => {
    const refused = await app.request("POST", base, body);
    expect(refused).toMatchObject({ status: 400, body: { error_code: "VALIDATION_ERROR" } });
    expect(refused.body.details.issues.map(({ path }: { path: string }) => path).sort()).toEqual(paths);
    expect(JSON.stringify(refused.body)).not.toContain("hunter2");
  });

  test("change field by field under If-Match, and are deleted with their pending deliveries", async () => {
    const { id } = await createWebhook(app, { address: receiver.address });
    const path = `${base}/${id}`;
    const changed = await app.request("PUT", path, { description: "x" }, { headers: { "if-match": '"1"' } });
    expect(changed).toMatchObject({
      status: 200,
      body: { description: "x", event_types: ["*"], version: 2, secret: null },
    });
    const stale = await app.request("PUT", path, { enable: false }, { headers: { "if-match": '"1"' } });
    expect(stale).toMatchObject({ status: 412, body: { details: { version: 2 } } });
    receiver.answer(refuse(500));
    await emit(randomUUID());
    await app.program.workers.tick("notify");
    expect((await app.request("GET", `${path}/deliveries?state=pending`)).body.total).toBe(1);
    expect((await app.request("DELETE", path)).status).toBe(204);
    expect((await app.request("GET", `${path}/deliveries`)).body).toMatchObject({ error_code: "WEBHOOK_NOT_FOUND" });
    const { rows } = await sql`select 1 from eom_webhook_delivery where webhook_id = ${id}`.execute(app.database.db);
    expect(rows).toEqual([]);
  });

  test("are created once for one Idempotency-Key, and the replayed answer has the secret", async () => {
    const headers = { "idempotency-key": randomUUID() };
    const body = { address, event_types: ["*"] };
    const first = await app.request("POST", base, body, { headers });
    const again = await app.request("POST", base, body, { headers });
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers.get("idempotency-replayed")).toBe("true");
  });

  test("can be tested by an operator, even when disabled, with a signed message that is in no list", async () => {
    const { id, secret } = await createWebhook(app, { address: receiver.address, enable: false });
    receiver.answer(take);
    const seen = receiver.received.length;
    const report = await app.request("POST", `${base}/${id}/test`, undefined, { role: "operator" });
    expect(report).toMatchObject({ status: 200, body: { delivered: true, http_status: 204, error: null } });
    const got = receiver.received[seen];
    if (got === undefined) throw new Error("no message arrived");
    expect(isSignedBy(secret ?? "", got)).toBe(true);
    expect(JSON.parse(got.body)).toMatchObject({ type: "eom.webhook.test", id: report.body.message_id });
    receiver.answer(refuse(404));
    expect(await app.request("POST", `${base}/${id}/test`)).toMatchObject({
      status: 200,
      body: { delivered: false, http_status: 404, error: "http_status" },
    });
    expect((await app.request("GET", `${base}/${id}/deliveries`)).body.total).toBe(0);
    await app.request("DELETE", `${base}/${id}`);
  });

  test("list their deliveries page by page, by state and type, and an operator can send a delivery again", async () => {
    const { id } = await createWebhook(app, { address: receiver.address });
    receiver.answer(take);
    for (let count = 0; count < 5; count++) await emit(randomUUID());
    await app.program.workers.tick("notify");
    const seen: string[] = [];
    for (let cursor = ""; ; ) {
      const { body } = await app.request(
        "GET",
        `${base}/${id}/deliveries?size=2&state=delivered&event_type=session.failed${cursor}`,
      );
      expect(body.total).toBe(5);
      seen.push(...body.data.map((delivery: { id: string }) => delivery.id));
      if (body.next_cursor === null) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect(new Set(seen).size).toBe(5);
    expect((await app.request("GET", `${base}/${id}/deliveries?state=dead`)).body.total).toBe(0);
    const redrive = `${base}/${id}/deliveries/${seen[0]}/redrive`;
    expect(await app.request("POST", redrive, undefined, { role: "operator" })).toMatchObject({
      status: 200,
      body: { state: "pending", attempts: 0, delivered: null },
    });
    expect(await app.program.workers.tick("notify")).toMatchObject({ sent: 1 });
    const [again] = receiver.received.slice(-1);
    const { body } = await app.request("GET", `${base}/${id}/deliveries?size=100`);
    const { event_id } = body.data.find((delivery: { id: string }) => delivery.id === seen[0]);
    expect(again?.headers["webhook-id"]).toBe(event_id);
    const other = await createWebhook(app);
    expect(await app.request("POST", `${base}/${other.id}/deliveries/${seen[0]}/redrive`)).toMatchObject({
      status: 404,
      body: { error_code: "DELIVERY_NOT_FOUND" },
    });
    await app.request("DELETE", `${base}/${id}`);
    await app.request("DELETE", `${base}/${other.id}`);
  });

  test("show a given secret in no answer, no log line, no audit entry and no row", async () => {
    const [given, rotated] = [createSecret(), createSecret()];
    const answers: unknown[] = [];
    const ask: TestApp["request"] = async (...request) => {
      const answer = await app.request(...request);
      answers.push(answer.body);
      return answer;
    };
    const { body } = await ask("POST", base, { address: receiver.address, event_types: ["*"], secret: given });
    expect(body).toMatchObject({ secret: null });
    const path = `${base}/${body.id}`;
    const changed = await ask("PUT", path, { secret: rotated });
    expect(changed.body).toMatchObject({ secret: null, previous_secret_until: expect.any(String), version: 2 });
    receiver.answer(refuse(500));
    await emit(randomUUID());
    await app.program.workers.tick("notify");
    const last = receiver.received.at(-1);
    if (last === undefined) throw new Error("no message arrived");
    expect([given, rotated].map((secret) => isSignedBy(secret, last))).toEqual([true, true]);
    await ask("POST", `${path}/test`);
    await ask("GET", path);
    await ask("GET", `${path}/deliveries`);
    await ask("PUT", path, { secret: `${rotated}!` });
    await ask("GET", "/eom/admin/audit?size=100&asc=false");
    await ask("DELETE", path);
    const dump = await dumpDatabase(app.database.db);
    expect(dump).toContain("webhook.update");
    const places = new Map([
      ["answers", JSON.stringify(answers)],
      ["log", app.log.join("")],
      ["database", dump],
    ]);
    const bare = (secret: string) => secret.slice("whsec_".length, -1);
    expect(findCanaries(places, { given: bare(given), rotated: bare(rotated) })).toEqual([]);
  });

  test("leave neither their current nor their previous secret in the secret store when they are deleted", async () => {
    const { id } = await createWebhook(app);
    await app.request("PUT", `${base}/${id}`, { secret: null });
    const count = async () =>
      (await sql`select from eom_sealed_secret where ref like ${`%/webhooks/${id}/%`}`.execute(app.database.db)).rows
        .length;
    expect(await count()).toBe(2);
    await app.program.workers.tick("sweep");
    expect(await count()).toBe(2);
    await app.request("DELETE", `${base}/${id}`);
    await app.program.workers.tick("sweep");
    expect(await count()).toBe(0);
  });
});

describe("the guide", () => {
  const read = () => readFile(join(import.meta.dirname, "../../docs/guides/notifications.md"), "utf8");

  test("names every reason of a failed attempt, and the pauses between attempts", async () => {
    const guide = await read();
    for (const error of attemptErrors) expect(guide).toContain(`| \`${error}\` |`);
    expect(pausesSeconds).toEqual([5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 28_800]);
    expect(eventPatterns).toContain("session.*");
  });

  test("has code for receivers that verifies a real message and refuses a changed one", async () => {
    const [, code] = /```js\n(.*?)```/s.exec(await read()) ?? [];
    const source = `${code}\nexport { isGenuine };`;
    const { isGenuine } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
    const app = await createTestApp("postgres");
    const receiver = await startReceiver();
    const { id } = await createWebhook(app, { address: receiver.address });
    const { body } = await app.request("PUT", `${base}/${id}`, { secret: null });
    await app.request("POST", `${base}/${id}/test`);
    const [got] = receiver.received;
    if (got === undefined) throw new Error("no message arrived");
    expect(isGenuine(body.secret, got.headers, got.body)).toBe(true);
    expect(isGenuine(body.secret, got.headers, `${got.body} `)).toBe(false);
    expect(isGenuine(body.secret, { ...got.headers, "webhook-timestamp": "1700000000" }, got.body)).toBe(false);
    expect(isGenuine(createSecret(), got.headers, got.body)).toBe(false);
    await receiver.close();
    await app.close();
  });
});
