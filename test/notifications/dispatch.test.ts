import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { deleteOldEvents } from "../../src/notifications/sweep.ts";
import { insertEvent } from "../../src/platform/events/queries.ts";
import { createId } from "../../src/platform/id.ts";
import { databaseKinds } from "../support/database/database.ts";
import { heavyTestTimeout } from "../support/time-limits.ts";
import { type Receiver, refuse, startReceiver } from "./receiver.ts";
import { createWorld, type World } from "./world.ts";

/** EOM_BACKLOG=10000 takes longer. */
const backlog = Number(process.env["EOM_BACKLOG"] ?? 1500);

let world: World;
let receiver: Receiver;
afterEach(async () => {
  await world.close();
  await receiver.close();
});

const prepare = (kind: (typeof databaseKinds)[number]) => async () => {
  world = await createWorld(kind);
  receiver = await startReceiver();
};

const insertBacklog = (events: number) =>
  sql`insert into eom_event (id, type, kind, object_id, data, created)
    select eom_uuid(), 'session.succeeded', 'session', n::text, jsonb_build_object('text', repeat('x', 2000)), now()
    from generate_series(1, ${events}::int) as n`.execute(world.db);

describe.each(databaseKinds)("events on %s", (kind) => {
  beforeEach(prepare(kind));

  test("are each told the log in one line, at warn when something failed, without any webhook", async () => {
    const objectId = await world.emit("session.failed", { reason: "it broke" });
    await world.emit("session.succeeded", {});
    await world.turn();
    await world.turn();
    const lines = world.lines.map((line) => JSON.parse(line)).filter((line) => "event_id" in line);
    expect(lines).toMatchObject([
      { level: "warn", event_type: "session.failed", session_id: objectId, data: { reason: "it broke" } },
      { level: "info", event_type: "session.succeeded" },
    ]);
  });

  test("that are old go with what was delivered and what is dead; those that still wait for somebody stay", async () => {
    const { id } = await world.createWebhook({ address: receiver.address });
    const disabled = await world.createWebhook({ address: receiver.address, event_types: ["session.lost"] });
    await world.emit("session.failed");
    await world.turn();
    receiver.answer(refuse(500));
    await world.emit("session.canceled");
    await world.emit("session.lost");
    await world.turn();
    await world.emit("session.timed_out");
    await sql`update eom_event set created = now() - interval '91 days'`.execute(world.db);
    const listTypes = async () =>
      (await sql<{ type: string }>`select type from eom_event order by type`.execute(world.db)).rows.map(
        ({ type }) => type,
      );
    expect(await deleteOldEvents(world.db, 90, 100)).toBe(1);
    expect(await listTypes()).toEqual(["session.canceled", "session.lost", "session.timed_out"]);
    await sql`update eom_webhook_delivery set state = 'dead', next_attempt_at = null where webhook_id = ${id}`.execute(
      world.db,
    );
    await world.webhooks.update(disabled.id, { enable: false }, null, world.change);
    expect(await deleteOldEvents(world.db, 90, 100)).toBe(2);
    expect(await listTypes()).toEqual(["session.timed_out"]);
    expect(await world.count("eom_webhook_delivery")).toBe(0);
  });

  test("are waited for, and told as a metric, for as long as nobody could take them", async () => {
    const read = async () =>
      Object.fromEntries(
        [
          ...(await world.metrics.registry.metrics()).matchAll(
            /^eom_notification_backlog_seconds\{stage="(\w+)"\} (\S+)$/gm,
          ),
        ].map(([, stage, seconds]) => [stage, Math.round(Number(seconds))]),
      );
    receiver.answer(refuse(500));
    await world.createWebhook({ address: receiver.address });
    await world.emit();
    await world.turn();
    expect(await read()).toEqual({ dispatch: 0, send: 0 });
    const { db } = world;
    await sql`update eom_webhook_delivery set lease_expires_at = now() + interval '1 hour', claim = gen_random_uuid(),
      next_attempt_at = ${world.now()}`.execute(db);
    world.pass(100);
    await world.turn();
    expect(await read()).toEqual({ dispatch: 0, send: 100 });
    expect(await world.metrics.registry.metrics()).toContain('eom_webhook_attempts_total{outcome="failed"} 1');
  });
});

describe("events on postgres", () => {
  beforeEach(prepare("postgres"));

  test("get exactly one delivery for each webhook, and are sent once, when several processes work at once", async () => {
    const { id } = await world.createWebhook({ address: receiver.address });
    await insertBacklog(1200);
    const processes = [world.workers, world.createProcess(), world.createProcess(), world.createProcess()];
    const turns = await Promise.all(processes.map((process) => process.turn(new AbortController().signal)));
    const sum = (read: (turn: (typeof turns)[number]) => number) => turns.reduce((all, turn) => all + read(turn), 0);
    expect(sum((turn) => turn.dispatched)).toBe(1200);
    expect(sum((turn) => turn.deliveries)).toBe(1200);
    expect(await world.count("eom_webhook_delivery")).toBe(1200);
    await world.turn();
    expect(receiver.received.length).toBe(1200);
    expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1200);
    expect((await world.webhooks.find(id)).deliveries).toEqual({ pending: 0, dead: 0 });
  });

  test("that are committed after later ones are told all the same", async () => {
    await world.createWebhook({ address: receiver.address });
    const { promise: mayCommit, resolve: commit } = Promise.withResolvers<void>();
    const { promise: isWritten, resolve: written } = Promise.withResolvers<void>();
    const event = { type: "session.failed", kind: "session", objectId: createId(), data: {} } as const;
    const slow = world.db.transaction().execute(async (tx) => {
      await insertEvent(tx, event);
      written();
      await mayCommit;
    });
    await isWritten;
    await world.emit("session.succeeded");
    expect(await world.turn()).toMatchObject({ dispatched: 1, sent: 1 });
    commit();
    await slow;
    expect(await world.turn()).toMatchObject({ dispatched: 1, sent: 1 });
    expect(receiver.received.map(({ body }) => JSON.parse(body).type)).toEqual([
      "eom.session.succeeded",
      "eom.session.failed",
    ]);
  });

  test("do not stand in the way of a webhook that is deleted meanwhile", async () => {
    const { id } = await world.createWebhook({ address: receiver.address });
    const other = await world.createWebhook({ address: receiver.address });
    await insertBacklog(300);
    const [, summary] = await Promise.all([world.webhooks.remove(id, null, { ...world.change }), world.turn()]);
    expect(summary.dispatched).toBe(300);
    expect(await world.listDeliveries(other.id, { size: 100 })).toHaveLength(101);
    expect(await world.count("eom_webhook_delivery")).toBe(300);
  });

  test(
    `in a backlog of ${backlog} are dispatched and sent in bounded memory`,
    async () => {
      await world.createWebhook({ address: receiver.address });
      await insertBacklog(backlog);
      let most = 0;
      const before = process.memoryUsage().heapUsed;
      receiver.answer((response, _, count) => {
        // The test's own record of what came is none of EOM's memory.
        (receiver.received as unknown[]).length = Math.min(count, 1);
        if (count % 500 === 0 || Math.random() < 0.01) most = Math.max(most, process.memoryUsage().heapUsed);
        response.writeHead(204).end();
      });
      world.lines.length = 0;
      expect(await world.turn()).toMatchObject({ dispatched: backlog, sent: backlog });
      // All of them would be 20 MB in one copy; heap that waits to be collected is counted here too.
      expect((most - before) / 1024 / 1024).toBeLessThan(150);
      const { rows } = await sql`select state, count(*)::int as count from eom_webhook_delivery group by 1`.execute(
        world.db,
      );
      expect(rows).toEqual([{ state: "delivered", count: backlog }]);
    },
    heavyTestTimeout,
  );
});
