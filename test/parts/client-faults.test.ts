import { afterAll, beforeAll, expect, test } from "vitest";
import { NotFoundError, type Quota } from "../../clients/typescript/src/client.ts";
import { type ClientWorld, createClient, startClientWorld } from "../client/eom.ts";
import { faults, startFaultyProxy } from "../client/faulty-proxy.ts";

const consumes = 10_000;
const users = 20;
const parallel = 50;

let world: ClientWorld;
beforeAll(async () => {
  world = await startClientWorld();
});
afterAll(() => world.close());

test("counts once in 10,000 consumes through a proxy that drops, delays, duplicates and truncates", async () => {
  const proxy = await startFaultyProxy(world.server.url, { percent: 1, random: createRandom(17) });
  // Half a second is more than an answer takes, and an attempt that a busy machine delays for longer is made again.
  const options = { timeoutMilliseconds: 500, deadlineMilliseconds: 300_000, attempts: 1000 };
  const eom = createClient(proxy.url, world.token, options);
  const ids = await Promise.all(Array.from({ length: users }, () => world.createUser(consumes)));
  let next = 0;
  const work = async () => {
    while (next < consumes) {
      const user = ids[next % users] ?? "";
      next += 1;
      await eom.usage.consume(user, { MaxOrderTimes: 1 });
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  const levels = await Promise.all(ids.map(async (user) => (await world.eom.usage.get(user)).usage.MaxOrderTimes));
  expect(levels.map((level) => level?.used)).toEqual(ids.map(() => consumes / users));
  const [first = ""] = ids;
  const entries = await world.eom.usage.ledger(first).toArray();
  expect(entries).toHaveLength(consumes / users);
  for (const fault of faults) expect(proxy.counts[fault], fault).toBeGreaterThan(20);
  await proxy.stop();
});

test("creates, edits and deletes once through the same proxy", async () => {
  const proxy = await startFaultyProxy(world.server.url, { percent: 5, random: createRandom(18) });
  const options = { timeoutMilliseconds: 2000, deadlineMilliseconds: 200_000, attempts: 1000 };
  const eom = createClient(proxy.url, world.token, options);
  const names = Array.from({ length: 40 }, (_, n) => `faults ${n}`);
  const value = { max_order_times: 1 };
  await Promise.all(
    names.map(async (name) => {
      const { id } = await eom.quotas.create({ name, type: "MaxOrderTimes", value });
      await eom.quotas.edit(id, () => ({ description: "edited" }));
    }),
  );
  const created = await eom.quotas.list({ keyword: "faults", size: 7 }).toArray();
  expect(created.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  expect(new Set(created.map(({ description }) => description))).toEqual(new Set(["edited"]));
  // The proxy may pass on the answer to its own second request, 404, which the client cannot tell from that of a missing quota.
  const remove = async ({ id }: Quota) => eom.quotas.delete(id).catch(ignoreMissing);
  await Promise.all(created.map(remove));
  expect(await eom.quotas.list({ keyword: "faults" }).toArray()).toEqual([]);
  await proxy.stop();
});

/** @throws any error but NotFoundError */
function ignoreMissing(error: unknown): void {
  if (!(error instanceof NotFoundError)) throw error;
}

/** The same numbers in every run: mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
