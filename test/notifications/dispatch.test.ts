import { sql } from "kysely";
import { describe, expect } from "vitest";
import { deleteOldEvents } from "../../src/notifications/sweep.ts";
import { createId } from "../../src/platform/id.ts";
import { databaseKinds } from "../support/database/database.ts";
import { heavyTestTimeout } from "../support/time-limits.ts";
import { insertAnyEvent } from "./any-event.ts";
import { test } from "./fixtures.ts";
import { refuse } from "./receiver.ts";
import type { World } from "./world.ts";

/** Events in the backlog of the last test. EOM_BACKLOG=10000 tests a longer backlog. */
const backlog = Number(process.env["EOM_BACKLOG"] ?? 1500);

const insertBacklog = ({ db }: World, events: number) =>
  sql`insert into eom_event (id, type, kind, object_id, data, created)
    select eom_uuid(), 'session.succeeded', 'session', n::text, jsonb_build_object('text', repeat('x', 2000)), now()
    from generate_series(1, ${events}::int) as n`.execute(db);

describe.each(databaseKinds)("events on %s", (kind) => {
  test.override({ kind });

  test("are logged in one line each without any webhook, failures at warn", async ({ world }) => {
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

  test("are deleted when old, with their delivered and dead deliveries, unless a delivery to an enabled webhook is pending", async ({
    world,
    receiver,
  }) => {
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

  test("raise the backlog metric for as long as their deliveries are overdue", async ({ world, receiver }) => {
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
  test.override({ kind: "postgres" });

  test("get exactly one delivery for each webhook and are sent once when several processes work at once", async ({
    world,
    receiver,
  }) => {
    const { id } = await world.createWebhook({ address: receiver.address });
    await insertBacklog(world, 1200);
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

  test("are dispatched even when committed after later events", async ({ world, receiver }) => {
    await world.createWebhook({ address: receiver.address });
    const { promise: mayCommit, resolve: commit } = Promise.withResolvers<void>();
    const { promise: isWritten, resolve: written } = Promise.withResolvers<void>();
    const event = { type: "session.failed", kind: "session", objectId: createId(), data: {} } as const;
    const slow = world.db.transaction().execute(async (tx) => {
      await insertAnyEvent(tx, event);
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

  test("do not block a webhook from being deleted while they are dispatched", async ({ world, receiver }) => {
    const { id } = await world.createWebhook({ address: receiver.address });
    const other = await world.createWebhook({ address: receiver.address });
    await insertBacklog(world, 300);
    const [, summary] = await Promise.all([world.webhooks.remove(id, null, { ...world.change }), world.turn()]);
    expect(summary.dispatched).toBe(300);
    expect(await world.listDeliveries(other.id, { size: 100 })).toHaveLength(101);
    expect(await world.count("eom_webhook_delivery")).toBe(300);
  });

  test(
    `in a backlog of ${backlog} are dispatched and sent in bounded memory`,
    async ({ world, receiver }) => {
      await world.createWebhook({ address: receiver.address });
      await insertBacklog(world, backlog);
      let maxHeap = 0;
      const before = process.memoryUsage().heapUsed;
      receiver.answer((response, _, count) => {
        // Keeps the test's own record of requests out of the measured heap.
        (receiver.received as unknown[]).length = Math.min(count, 1);
        if (count % 500 === 0 || Math.random() < 0.01) maxHeap = Math.max(maxHeap, process.memoryUsage().heapUsed);
        response.writeHead(204).end();
      });
      world.lines.length = 0;
      expect(await world.turn()).toMatchObject({ dispatched: backlog, sent: backlog });
      // One copy of all bodies is 20 MB with a backlog of 10,000. The measured heap includes garbage that is not collected yet.
      expect((maxHeap - before) / 1024 / 1024).toBeLessThan(150);
      const { rows } = await sql`select state, count(*)::int as count from eom_webhook_delivery group by 1`.execute(
        world.db,
      );
      expect(rows).toEqual([{ state: "delivered", count: backlog }]);
    },
    heavyTestTimeout,
  );
});
