import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ConflictError,
  EomError,
  ForbiddenError,
  NotFoundError,
  PreconditionFailedError,
  QuotaExceededError,
  UserQuotaConflictError,
} from "../../clients/typescript/src/client.ts";
import * as operations from "../../clients/typescript/src/generated/operations.ts";
import type { Row } from "../../clients/typescript/src/row.ts";
import { listRoutes } from "../../src/compose/program.ts";
import { type ClientWorld, createClient, startClientWorld } from "./eom.ts";
import { startForgetfulServer } from "./servers.ts";

type AnyOperation = (...args: readonly unknown[]) => Promise<unknown> & { readonly page?: () => Promise<unknown> };

describe("the client of all operations", () => {
  let world: ClientWorld;
  beforeAll(async () => {
    world = await startClientWorld();
  });
  afterAll(() => world.close());

  const rows = Object.entries(operations).flatMap(([noun, verbs]) =>
    Object.entries(verbs as Record<string, Row>).map(([verb, row]) => [noun, verb, row] as const),
  );

  const find = (noun: string, verb: string) => {
    const nouns = world.eom as unknown as Record<string, Record<string, AnyOperation>>;
    const own = noun === "root" ? (world.eom as unknown as Record<string, AnyOperation>) : nouns[noun];
    const operation = own?.[verb];
    if (operation === undefined) throw new Error(`there is no eom.${noun}.${verb}`);
    return operation;
  };

  test("has every route of the server", () => {
    const routes = listRoutes().map(({ spec }) => `${spec.method} ${spec.path}`);
    const own = rows.map(([, , [method, path]]) => `${method} ${path}`).filter((row) => row.includes("/admin/"));
    expect(own.toSorted()).toEqual(routes.toSorted());
  });

  test.for(rows)(
    "eom.%s.%s reaches its route, which knows all that was sent",
    async ([noun, verb, [, path, words]]) => {
      const ids = path.match(/\{/g)?.map(() => randomUUID()) ?? [];
      const body = words.includes("body") ? [{}] : words.includes("amounts") ? [{ MaxOrderTimes: 1 }] : [];
      const times = { from: "2026-11-01T00:00:00Z", to: "2026-11-02T00:00:00Z" };
      const answer = find(noun, verb)(...ids, ...body, verb === "timeline" ? times : {});
      const error = await (answer.page === undefined ? answer : answer.page()).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      if (error === null) return;
      expect(error).toBeInstanceOf(EomError);
      const { code, message } = error as EomError;
      expect(["ROUTE_NOT_FOUND", "METHOD_NOT_ALLOWED", "INVALID_ANSWER", "INTERNAL_ERROR"], message).not.toContain(
        code,
      );
      expect(message).not.toMatch(/is not known|unknown|Idempotency-Key/i);
    },
  );

  test("iterates a list over its cursors, and returns a page", async () => {
    const label = `label-${randomUUID().slice(0, 8)}`;
    const value = { max_order_times: 1 };
    const create = (n: number) =>
      world.eom.quotas.create({ name: `${label} ${n}`, type: "MaxOrderTimes", value, labels: { run: label } });
    const created = await Promise.all(Array.from({ length: 7 }, (_, n) => create(n)));
    const options = { label: `run:${label}`, size: 3 };
    const seen: string[] = [];
    for await (const quota of world.eom.quotas.list(options)) seen.push(quota.id);
    expect(seen.toSorted()).toEqual(created.map(({ id }) => id).toSorted());
    expect(await world.eom.quotas.list(options).page()).toMatchObject({ size: 3, total: 7, total_exact: true });
    const sizes: number[] = [];
    for await (const { data } of world.eom.quotas.list({ ...options, page: 1 }).pages()) sizes.push(data.length);
    expect(sizes).toEqual([3, 1]);
    expect(await world.eom.engines.list().toArray()).toMatchObject([{ name: expect.any(String) }]);
  });

  test("sends lists of values, and values with any characters", async () => {
    expect(await world.eom.sessions.list({ state: ["failed", "canceled"] }).toArray()).toEqual([]);
    expect(await world.eom.quotas.list({ keyword: "a&b=c ü+" }).toArray()).toEqual([]);
  });

  test("changes only the version that was read, and edits again when another change came between", async () => {
    const value = { max_order_times: 1 };
    const quota = await world.eom.quotas.create({ name: randomUUID(), type: "MaxOrderTimes", value });
    const changed = await world.eom.quotas.update(quota.id, { description: "first" }, { ifMatch: quota });
    expect(changed.version).toBe(quota.version + 1);
    const stale = world.eom.quotas.update(quota.id, { description: "second" }, { ifMatch: quota });
    await expect(stale).rejects.toBeInstanceOf(PreconditionFailedError);
    await expect(stale).rejects.toMatchObject({ details: { version: changed.version } });

    const edits = Array.from({ length: 4 }, (_, n) =>
      world.eom.quotas.edit(quota.id, ({ labels }) => ({ labels: { ...labels, [`by${n}`]: "edit" } })),
    );
    await Promise.all(edits);
    const edited = await world.eom.quotas.get(quota.id);
    expect(edited.labels).toEqual({ by0: "edit", by1: "edit", by2: "edit", by3: "edit" });
    expect(await world.eom.quotas.get(quota.id, { ifNoneMatch: edited })).toBeNull();
    expect(await world.eom.quotas.edit(quota.id, () => null)).toEqual(edited);
  });

  test("creates once when the answer is lost, and deletes without an error", async () => {
    const forgetful = await startForgetfulServer(world.app.program.app, 1);
    const name = randomUUID();
    const value = { max_order_times: 1 };
    const eom = createClient(forgetful.url, world.token);
    const { id } = await eom.quotas.create({ name, type: "MaxOrderTimes", value });
    expect(forgetful.asked).toHaveLength(2);
    expect(await world.eom.quotas.list({ keyword: name }).toArray()).toMatchObject([{ id }]);
    const deleting = await startForgetfulServer(world.app.program.app, 1);
    expect(await createClient(deleting.url, world.token).quotas.delete(id)).toBeUndefined();
    expect(deleting.asked).toHaveLength(2);
    await expect(world.eom.quotas.delete(id)).rejects.toBeInstanceOf(NotFoundError);
    await forgetful.stop();
    await deleting.stop();
  });

  test("throws a denial with its violations", async () => {
    const user = await world.createUser(2);
    expect(await world.eom.usage.consume(user, { MaxOrderTimes: 2 })).toMatchObject({ allowed: true });
    const denied = world.eom.usage.consume(user, { MaxOrderTimes: 1 });
    await expect(denied).rejects.toBeInstanceOf(QuotaExceededError);
    await expect(denied).rejects.toMatchObject({
      code: "QUOTA_EXCEEDED",
      status: 403,
      violations: [{ type: "MaxOrderTimes", limit: 2, used: 2, requested: 1 }],
      requestId: expect.any(String),
    });
  });

  test("throws errors of the class of their code", async () => {
    const user = await world.createUser(1);
    const value = { max_order_times: 1 };
    const second = await world.eom.quotas.create({ name: randomUUID(), type: "MaxOrderTimes", value });
    const assigned = world.eom.users.assign(user, { quota_id: second.id });
    await expect(assigned).rejects.toBeInstanceOf(UserQuotaConflictError);
    await expect(assigned).rejects.toBeInstanceOf(ConflictError);
    const viewer = createClient(world.server.url, await world.createToken("viewer"));
    await expect(viewer.quotas.delete(second.id)).rejects.toBeInstanceOf(ForbiddenError);
  });

  describe("withReservation", () => {
    const levelOf = async (user: string) => (await world.eom.usage.get(user)).usage.MaxOrderTimes;

    test("commits all amounts, or those that the work used, and returns the work's result", async () => {
      const user = await world.createUser(10);
      const during = await world.eom.withReservation(user, { MaxOrderTimes: 3 }, () => levelOf(user));
      expect(during).toMatchObject({ used: 0, reserved: 3 });
      await world.eom.withReservation(user, { MaxOrderTimes: 5 }, (_, use) => use({ MaxOrderTimes: 1 }));
      expect(await levelOf(user)).toMatchObject({ used: 4, reserved: 0 });
    });

    test("releases the amounts when the work fails, and throws the work's error", async () => {
      const user = await world.createUser(10);
      const work = () => Promise.reject(new Error("no paper"));
      await expect(world.eom.withReservation(user, { MaxOrderTimes: 3 }, work)).rejects.toThrow("no paper");
      expect(await levelOf(user)).toMatchObject({ used: 0, reserved: 0 });
    });

    test("does not start the work when the reservation is denied", async () => {
      const user = await world.createUser(1);
      let isStarted = false;
      const work = () => {
        isStarted = true;
      };
      const denied = world.eom.withReservation(user, { MaxOrderTimes: 2 }, work, { ttl_seconds: 60 });
      await expect(denied).rejects.toBeInstanceOf(QuotaExceededError);
      expect(isStarted).toBe(false);
    });

    test("with a key counts once, however often it runs", async () => {
      const user = await world.createUser(10);
      for (const _ of [1, 2]) {
        await world.eom.withReservation(user, { MaxOrderTimes: 1 }, () => {}, { idempotencyKey: "order 18" });
      }
      expect(await levelOf(user)).toMatchObject({ used: 1, reserved: 0 });
    });
  });
});
