import { once } from "node:events";
import { createServer } from "node:net";
import { sql } from "kysely";
import { describe, expect } from "vitest";
import { pausesSeconds } from "../../src/notifications/deliveries/retries.ts";
import cases from "../cases/outgoing.json" with { type: "json" };
import { databaseKinds } from "../support/database/database.ts";
import { findFreePort } from "../support/database/postgres.ts";
import { peerBehaviours, sending, startPeer } from "../support/http/misbehaving-peer.ts";
import { test } from "./fixtures.ts";
import { isSignedBy, refuse, startReceiver, take } from "./receiver.ts";
import { createWorld, deploymentId, type World } from "./world.ts";

const dayOfRetries = 26 * 3600;

/** The delivery of a webhook that has exactly one. */
async function findOnlyDelivery(world: World, webhookId: string) {
  const [delivery, ...others] = await world.listDeliveries(webhookId);
  expect(others).toEqual([]);
  return delivery ?? expect.unreachable("there is no delivery");
}

describe.each(databaseKinds)("messages on %s", (kind) => {
  test.override({ kind });

  test("arrive as CloudEvents with the signature of Standard Webhooks by the secret that was shown", async ({
    world,
    receiver,
  }) => {
    const { id, secret } = await world.createWebhook({ address: receiver.address });
    const sessionId = await world.emit("session.failed", { schedule_id: "s1", message: "Ünïcode" });
    expect(await world.turn()).toEqual({ dispatched: 1, deliveries: 1, sent: 1 });
    const [got] = receiver.received;
    if (got === undefined || secret === null) throw new Error("no message arrived");
    expect(isSignedBy(secret, got)).toBe(true);
    expect(isSignedBy(secret, { ...got, body: `${got.body} ` })).toBe(false);
    const delivery = await findOnlyDelivery(world, id);
    expect(got.headers).toMatchObject({
      "content-type": "application/cloudevents+json",
      "webhook-id": delivery.event_id,
      "webhook-timestamp": String(Math.floor(world.now().getTime() / 1000)),
    });
    expect(JSON.parse(got.body)).toEqual({
      specversion: "1.0",
      id: delivery.event_id,
      source: `urn:uuid:${deploymentId}`,
      type: "eom.session.failed",
      subject: `session/${sessionId}`,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      datacontenttype: "application/json",
      data: { schedule_id: "s1", message: "Ünïcode" },
    });
    expect(delivery).toMatchObject({ state: "delivered", attempts: 1, last_http_status: 204, delivered: world.now() });
    expect(await world.webhooks.find(id)).toMatchObject({ state: "healthy", last_success: world.now().toISOString() });
  });

  test("go only to enabled webhooks that ask for their type", async ({ world, receiver }) => {
    const create = (path: string, fields: Parameters<World["createWebhook"]>[0] | object) =>
      world.createWebhook({ ...fields, address: `${receiver.address}/${path}` });
    await create("all", {});
    await create("family", { event_types: ["session.*"] });
    await create("one", { event_types: ["quota.exceeded", "schedule.auto_disabled"] });
    await create("disabled", { enable: false });
    await world.emit("session.lost");
    await world.emit("schedule.auto_disabled");
    await world.turn();
    const arrived = receiver.received.map(({ path, body }) => `${path.slice(5)} ${JSON.parse(body).type}`).sort();
    expect(arrived).toEqual([
      "all eom.schedule.auto_disabled",
      "all eom.session.lost",
      "family eom.session.lost",
      "one eom.schedule.auto_disabled",
    ]);
  });

  test("are sent again after a growing pause when they fail, with the same bytes and the same id", async ({
    world,
    receiver,
  }) => {
    receiver.answer((response, got, count) => (count <= 3 ? refuse(500) : take)(response, got, count));
    const { id } = await world.createWebhook({ address: receiver.address });
    await world.emit();
    for (const pause of pausesSeconds.slice(0, 3)) {
      await world.turn();
      expect(await findOnlyDelivery(world, id)).toMatchObject({
        state: "pending",
        last_error: "http_status",
        last_http_status: 500,
      });
      world.pass(pause * 0.89);
      expect(await world.turn()).toMatchObject({ sent: 0 });
      world.pass(pause * 0.22);
    }
    expect(await world.webhooks.find(id)).toMatchObject({ state: "failing", consecutive_failures: 3 });
    await world.turn();
    expect(await findOnlyDelivery(world, id)).toMatchObject({ state: "delivered", attempts: 4, last_error: null });
    expect(await world.webhooks.find(id)).toMatchObject({ state: "healthy", consecutive_failures: 0 });
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  });

  test("are dead after the last attempt, about a day later, until a redrive", async ({ world, receiver }) => {
    receiver.answer(refuse(503));
    const { id } = await world.createWebhook({ address: receiver.address });
    await world.emit();
    const begun = world.now();
    for (const pause of [...pausesSeconds, 0]) {
      await world.turn();
      world.pass(pause * 1.1);
    }
    expect(receiver.received.length).toBe(11);
    expect((world.now().getTime() - begun.getTime()) / 1000).toBeLessThan(dayOfRetries + 3600);
    const dead = await findOnlyDelivery(world, id);
    expect(dead).toMatchObject({ state: "dead", attempts: 11, next_attempt_at: null });
    expect(await world.webhooks.find(id)).toMatchObject({ deliveries: { pending: 0, dead: 1 } });
    world.pass(dayOfRetries);
    expect(await world.turn()).toMatchObject({ sent: 0 });

    receiver.answer(take);
    expect(await world.deliveries.redrive(id, dead.id, world.actor)).toMatchObject({ state: "pending", attempts: 0 });
    await world.turn();
    expect(await findOnlyDelivery(world, id)).toMatchObject({ state: "delivered", event_id: dead.event_id });
  });

  test("are redriven all at once when dead; the messages of other webhooks stay dead", async ({ world, receiver }) => {
    const mine = await world.createWebhook({ address: receiver.address });
    const other = await world.createWebhook({ address: receiver.address });
    for (let count = 0; count < 3; count++) await world.emit();
    receiver.answer(refuse(500));
    await world.turn();
    await sql`update eom_webhook_delivery set state = 'dead', next_attempt_at = null`.execute(world.db);
    expect(await world.deliveries.redriveAll(mine.id, world.actor)).toEqual({ redriven: 3, remaining: false });
    receiver.answer(take);
    expect(await world.turn()).toMatchObject({ sent: 3 });
    expect((await world.listDeliveries(other.id)).map(({ state }) => state)).toEqual(["dead", "dead", "dead"]);
  });

  test.for<readonly [string, string | ((now: Date) => string), number]>([
    ["seconds", "3600", 3600],
    ["a date", (now: Date) => new Date(now.getTime() + 7200_000).toUTCString(), 7200],
    ["more than a receiver may ask for", "999999999", 8 * 3600],
    ["less than EOM's own pause", "1", 4.5],
    ["nonsense", "soon", 4.5],
  ])("wait as long as Retry-After asks: %s", async ([, header, minSeconds], { world, receiver }) => {
    receiver.answer(refuse(429, { "retry-after": typeof header === "string" ? header : header(world.now()) }));
    const { id } = await world.createWebhook({ address: receiver.address });
    await world.emit();
    await world.turn();
    const waits = ((await findOnlyDelivery(world, id)).next_attempt_at?.getTime() ?? 0) - world.now().getTime();
    expect(waits / 1000).toBeGreaterThan(minSeconds - 1.1);
    expect(waits / 1000).toBeLessThan(minSeconds * 1.23 + 1);
  });

  test("disable a webhook whose receiver answers 410, with an audit entry and an event; pending messages are sent when it is enabled again", async ({
    world,
    receiver,
  }) => {
    receiver.answer(refuse(410));
    const { id } = await world.createWebhook({ address: receiver.address, event_types: ["session.*"] });
    const subscriber = await startReceiver();
    await world.createWebhook({ address: subscriber.address, event_types: ["webhook.disabled"] });
    await world.emit();
    await world.turn();
    await world.turn();
    expect(await findOnlyDelivery(world, id)).toMatchObject({
      state: "dead",
      last_error: "gone",
      last_http_status: 410,
    });
    expect(await world.webhooks.find(id)).toMatchObject({ enable: false, disabled_reason: "gone", version: 2 });
    expect(subscriber.received.map(({ body }) => JSON.parse(body).data)).toEqual([{ webhook_id: id, reason: "gone" }]);
    const { rows } = await sql`select subject, action from eom_audit where object_id = ${id} order by at`.execute(
      world.db,
    );
    expect(rows).toEqual([
      { subject: "test", action: "webhook.create" },
      { subject: "notifier", action: "webhook.disable" },
    ]);
    receiver.answer(take);
    await world.deliveries.redriveAll(id, world.actor);
    expect(await world.turn()).toMatchObject({ sent: 0 });
    const enabled = await world.webhooks.update(id, { enable: true }, null, world.change);
    expect(enabled).toMatchObject({ enable: true, disabled_reason: null });
    expect(await world.turn()).toMatchObject({ sent: 1 });
    await subscriber.close();
  });

  test("follow no redirect, not even to an allowed address", async ({ world, receiver }) => {
    const target = await startReceiver();
    receiver.answer(refuse(307, { location: target.address }));
    const { id } = await world.createWebhook({ address: receiver.address });
    await world.emit();
    await world.turn();
    expect(await findOnlyDelivery(world, id)).toMatchObject({
      state: "pending",
      last_error: "redirect_refused",
      last_http_status: 307,
    });
    expect(target.received).toEqual([]);
    await target.close();
  });

  test("are delivered by the status alone: an endless body is cut off", async ({ world, receiver }) => {
    let isCut = Promise.resolve<unknown>(null);
    receiver.answer((response) => {
      isCut = once(response, "close");
      response.writeHead(200);
      const fill = () => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
      };
      response.on("drain", fill);
      fill();
    });
    const { id } = await world.createWebhook({ address: receiver.address });
    await world.emit();
    await world.turn();
    await isCut;
    expect(await findOnlyDelivery(world, id)).toMatchObject({ state: "delivered", last_http_status: 200 });
  });

  test("report why they were not delivered", async ({ world, receiver }) => {
    const slammer = createServer((socket) => socket.destroy());
    await once(slammer.listen(0, "127.0.0.1"), "listening");
    const slamming = slammer.address();
    if (slamming === null || typeof slamming === "string") throw new Error("no port was given");
    const findError = async (address: string, { createWebhook, deliveries } = world) =>
      (await deliveries.test((await createWebhook({ address })).id)).error;
    receiver.answer(() => {});
    const impatient = await createWorld(kind, { timeoutMilliseconds: 1000 });
    expect(await findError(receiver.address, impatient)).toBe("timeout");
    expect(await findError(receiver.address.replace("http:", "https:"), impatient)).toMatch(/^(tls_failed|timeout)$/);
    await impatient.close();
    expect(await findError(`http://127.0.0.1:${await findFreePort()}/`)).toBe("connection_failed");
    expect(await findError(`http://127.0.0.1:${slamming.port}/`)).toBe("connection_failed");
    slammer.close();
  });

  test("wait without a counted attempt while the secret store is away, and fail when it has lost the secret", async ({
    world,
    receiver,
  }) => {
    const { id } = await world.createWebhook({ address: receiver.address });
    await world.emit();
    await sql`alter table eom_sealed_secret rename to eom_sealed_secret_away`.execute(world.db);
    await world.turn();
    await sql`alter table eom_sealed_secret_away rename to eom_sealed_secret`.execute(world.db);
    expect(await findOnlyDelivery(world, id)).toMatchObject({
      state: "pending",
      attempts: 0,
      claim: null,
      last_error: null,
    });
    world.pass(30);
    await sql`delete from eom_sealed_secret`.execute(world.db);
    await world.turn();
    expect(await findOnlyDelivery(world, id)).toMatchObject({
      state: "pending",
      attempts: 1,
      last_error: "secret_lost",
    });
    expect(receiver.received).toEqual([]);
    await world.webhooks.update(id, { secret: null }, null, world.change);
    await world.deliveries.redrive(id, (await findOnlyDelivery(world, id)).id, world.actor);
    expect(await world.turn()).toMatchObject({ sent: 1 });
    expect(await findOnlyDelivery(world, id)).toMatchObject({ state: "delivered" });
  });

  test("keep the outcome of a second sender when the first comes back after its lease", async ({ world, receiver }) => {
    const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>();
    receiver.answer((response, got, count) => {
      if (count === 1) void mayAnswer.then(() => refuse(500)(response, got, count));
      else take(response, got, count);
    });
    const { id } = await world.createWebhook({ address: receiver.address });
    await world.emit();
    const slow = world.turn();
    await receiver.waitFor(1);
    await sql`update eom_webhook_delivery set lease_expires_at = now()`.execute(world.db);
    // Another process claims the delivery, or the slow process itself, which claims more while it waits.
    await world.createProcess().turn(new AbortController().signal);
    await receiver.waitFor(2);
    answer();
    await slow;
    expect(await findOnlyDelivery(world, id)).toMatchObject({ state: "delivered", attempts: 2, last_http_status: 204 });
    expect(await world.webhooks.find(id)).toMatchObject({ state: "healthy", consecutive_failures: 0 });
  });

  test("do not wait for a receiver that hangs", async ({ world, receiver }) => {
    const hanging = await startReceiver();
    hanging.answer(() => {});
    await world.createWebhook({ address: hanging.address });
    const { id } = await world.createWebhook({ address: receiver.address });
    for (let count = 0; count < 20; count++) await world.emit();
    world.workers.start();
    await receiver.waitFor(20);
    expect(hanging.received.length).toBeLessThanOrEqual(8);
    await hanging.close();
    await world.workers.stop();
    expect((await world.listDeliveries(id)).map(({ state }) => state)).toEqual(Array(20).fill("delivered"));
  });

  test("fail with the status 101 when the receiver switches protocols, and are sent again", async ({ world }) => {
    const peer = await startPeer(peerBehaviours["switches protocols"] ?? expect.unreachable(), { key: "", cert: "" });
    const { id } = await world.createWebhook({ address: peer.url });
    await world.emit();
    await world.turn();
    await peer.idle();
    await peer.stop();
    expect(await findOnlyDelivery(world, id)).toMatchObject({
      state: "pending",
      attempts: 1,
      last_error: "http_status",
      last_http_status: 101,
    });
  });

  for (const { id, input, expected } of cases) {
    test(`${id}: a test message to a receiver that breaks HTTP is answered at once`, async ({ world }) => {
      const peer = await startPeer({ ends: "at once", accept: sending(input.receiver) }, { key: "", cert: "" });
      const webhook = await world.createWebhook({ address: peer.url });
      expect(await world.deliveries.test(webhook.id)).toMatchObject(expected);
      await peer.idle();
      await peer.stop();
    });
  }

  test("are signed by the old and the new secret for a day after a rotation, then by the new secret alone", async ({
    world,
    receiver,
  }) => {
    const { id, secret: old } = await world.createWebhook({ address: receiver.address });
    const { secret: present } = await world.webhooks.update(id, { secret: null }, null, world.change);
    const isSigned = async () => {
      await world.emit();
      await world.turn();
      const last = receiver.received.at(-1);
      if (last === undefined || old === null || present === null) throw new Error("no message arrived");
      return { old: isSignedBy(old, last), present: isSignedBy(present, last) };
    };
    expect(await isSigned()).toEqual({ old: true, present: true });
    world.pass(24 * 3600 + 1);
    expect(await isSigned()).toEqual({ old: false, present: true });
  });
});
