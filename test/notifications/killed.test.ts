import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { sql } from "kysely";
import { expect } from "vitest";
import { inTransaction } from "../../src/platform/database/transaction.ts";
import { createId } from "../../src/platform/id.ts";
import { createWebhook, webhooks } from "../contract/provocations.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { insertAnyEvent } from "./any-event.ts";
import { test as roomTest } from "./fixtures.ts";
import { isSignedBy, take } from "./receiver.ts";

const test = roomTest.extend("app", async ({ kind }, fixture) => {
  const app = await createTestApp(kind);
  fixture.onCleanup(() => app.close());
  return app;
});
test.override({ kind: "postgres" });

const root = join(import.meta.dirname, "../..");

function spawnNotify(app: TestApp) {
  const env = {
    PATH: process.env["PATH"],
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
    EOM_DATA_DIR: app.dataDir,
    EOM_DATABASE_URL: app.database.url ?? "",
    EOM_EGRESS_ALLOW: "127.0.0.1",
  };
  return spawn(process.execPath, [join(root, "src/main.ts"), "tick", "notify"], { env, stdio: "ignore" });
}

test("a message whose sender was killed before the answer is sent again by another process, under the same id", async ({
  app,
  receiver,
}) => {
  const { id, secret } = await createWebhook(app, { address: receiver.address });
  const event = { type: "session.failed", kind: "session", objectId: createId(), data: {} } as const;
  await inTransaction(app.database.db, (tx) => insertAnyEvent(tx, event));
  receiver.answer(() => {});
  const doomed = spawnNotify(app);
  const exit = once(doomed, "exit");
  await receiver.waitFor(1);
  doomed.kill("SIGKILL");
  await exit;

  receiver.answer(take);
  expect(await app.program.workers.tick("notify")).toMatchObject({ sent: 0 });
  await sql`update eom_webhook_delivery set lease_expires_at = now() where claim is not null`.execute(app.database.db);
  expect(await app.program.workers.tick("notify")).toEqual({ dispatched: 0, deliveries: 0, sent: 1 });
  const [first, second] = receiver.received;
  expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
  expect(second?.body).toBe(first?.body);
  expect(receiver.received.every((got) => isSignedBy(secret ?? "", got))).toBe(true);
  const { body } = await app.request("GET", `${webhooks}/${id}/deliveries`);
  expect(body.data).toMatchObject([{ state: "delivered", attempts: 2 }]);
});

test("`eom tick notify` takes one turn and ends", async ({ app, receiver }) => {
  await createWebhook(app, { address: receiver.address });
  const event = { type: "schedule.auto_disabled", kind: "schedule", objectId: createId(), data: {} } as const;
  await inTransaction(app.database.db, (tx) => insertAnyEvent(tx, event));
  expect(await once(spawnNotify(app), "exit")).toEqual([0, null]);
  expect(receiver.received.map(({ body }) => JSON.parse(body).type)).toEqual(["eom.schedule.auto_disabled"]);
});
