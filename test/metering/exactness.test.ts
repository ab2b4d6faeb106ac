import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { sql } from "kysely";
import { afterEach, describe, expect } from "vitest";
import type { MeteringService } from "../../src/metering/service.ts";
import type { Database } from "../../src/platform/database/tables.ts";
import { askMetering, isAdmitted, type MeteringRequest } from "../support/metering.ts";
import type { MeteringTask } from "../support/processes/metering-writer.ts";
import { createWorldTest, describeOnDatabases } from "./fixtures.ts";
import {
  endMonth,
  expectClosedOnce,
  expectNoDrift,
  giveQuota,
  listPeriodSums,
  listStoredLevels,
  outlive,
  type QuotaWorld,
  sweepReservations,
} from "./world.ts";

const postgresTest = createWorldTest("postgres");
const limit = 1000;
const clients = 64;
const user = "user";

/** All clients start at the same time, each at one of two services. */
function asClients(
  world: QuotaWorld,
  ask: (service: MeteringService, client: number) => Promise<void>,
): Promise<unknown> {
  return Promise.all(
    Array.from({ length: clients }, (_, client) => ask(world.services[client % 2 === 0 ? 0 : 1], client)),
  );
}

let lastKey = 0;

function toConsume(amount: number, type: "MaxOrderTimes" | "MaxSize" = "MaxOrderTimes"): MeteringRequest {
  lastKey += 1;
  return { kind: "consume", userId: user, key: `k${lastKey}`, amounts: { [type]: amount } };
}

async function expectLevel(db: Database, level: { used: number; reserved: number }): Promise<void> {
  expect(await listStoredLevels(db, [user])).toMatchObject([level]);
  await expectNoDrift(db, [user]);
}

describeOnDatabases("clients at a limit", (test) => {
  test("are admitted exactly as often as the limit allows, however many ask at once", async ({ world }) => {
    await giveQuota(world.db, user, { type: "MaxOrderTimes", limit });
    let admitted = 0;
    await asClients(world, async (service) => {
      while (isAdmitted(await askMetering(service, toConsume(1)))) admitted += 1;
    });
    expect(admitted).toBe(limit);
    expect(await listPeriodSums(world.db, user, "MaxOrderTimes")).toEqual([
      { entries: limit, used: limit, reserved: 0 },
    ]);
    await expectLevel(world.db, { used: limit, reserved: 0 });
  });
});

describe("clients at a limit", () => {
  const test = postgresTest;

  test("fill it to the last byte with amounts of all sizes, and never beyond", async ({ world }) => {
    await giveQuota(world.db, user, { type: "MaxSize", limit });
    let admitted = 0;
    await asClients(world, async (service, client) => {
      for (let amount = 1 + ((client * 7) % 23); amount > 0; ) {
        if (isAdmitted(await askMetering(service, toConsume(amount, "MaxSize")))) admitted += amount;
        else amount = Math.floor(amount / 2);
      }
    });
    expect(admitted).toBe(limit);
    await expectLevel(world.db, { used: limit, reserved: 0 });
  });

  test("are admitted exactly as often as the limit allows in each of two periods, while the first one ends", async ({
    world,
  }) => {
    const expire = { type: "every", unit: "month", time_zone: "Europe/Berlin" } as const;
    await giveQuota(world.db, user, { type: "MaxOrderTimes", limit, expire });
    let admitted = 0;
    const first = Promise.withResolvers<void>();
    let isOver = false;
    const asking = asClients(world, async (service) => {
      for (;;) {
        const isOfSecond = isOver;
        if (isAdmitted(await askMetering(service, toConsume(1)))) admitted += 1;
        else if (isOfSecond) return;
        if (admitted >= 300) first.resolve();
      }
    });
    await first.promise;
    await endMonth(world.db);
    isOver = true;
    await asking;
    const sums = await listPeriodSums(world.db, user, "MaxOrderTimes");
    expect(sums).toMatchObject([{}, { entries: limit, used: limit, reserved: 0 }]);
    expect(sums[0]?.used).toBeGreaterThanOrEqual(300);
    expect(sums[0]?.used).toBeLessThanOrEqual(limit);
    expect(sums.reduce((sum, { used }) => sum + used, 0)).toBe(admitted);
    await expectLevel(world.db, { used: limit, reserved: 0 });
  });
});

describe("a reservation", () => {
  const test = postgresTest;
  const both = { MaxOrderTimes: 1, MaxSize: 10 };

  test.beforeEach(async ({ world }) => {
    await giveQuota(world.db, user, { type: "MaxOrderTimes", limit });
    await giveQuota(world.db, user, { type: "MaxSize", limit });
  });

  async function reserve(world: QuotaWorld, key: string): Promise<string> {
    const call = { kind: "reserve", userId: user, key, amounts: both } as const;
    const { reply } = await askMetering(world.services[0], call);
    if ("body" in reply && "id" in reply.body && typeof reply.body.id === "string") return reply.body.id;
    throw new Error("the reserve was refused");
  }

  async function close(service: MeteringService, kind: "commit" | "release", id: string): Promise<boolean> {
    const request = { userId: user, key: id, id };
    const call = kind === "commit" ? ({ ...request, kind, amounts: null } as const) : ({ ...request, kind } as const);
    const { reply } = await askMetering(service, call);
    if ("failure" in reply) expect(reply.failure.code).toBe("RESERVATION_CLOSED");
    return "body" in reply;
  }

  test("is closed by exactly one of a commit, a release and an expiry at the same time", async ({ world }) => {
    const ids = await Promise.all(Array.from({ length: 99 }, (_, at) => reserve(world, `r${at}`)));
    const won = { committed: new Set<string>(), released: new Set<string>() };
    const attempts = [
      async (id: string) => void ((await close(world.services[0], "commit", id)) && won.committed.add(id)),
      async (id: string) => void ((await close(world.services[1], "release", id)) && won.released.add(id)),
      async (id: string) => {
        await outlive(world.db, user, id);
        await sweepReservations(world.db);
      },
    ];
    let consumed = 0;
    for (let at = 0; at < ids.length; at += attempts.length) {
      // Each way of closing is first for one reservation. The consume also closes reservations that have expired.
      const closing = attempts.flatMap((_, turn) =>
        attempts.map((_, other) => attempts[(turn + other) % attempts.length]?.(ids[at + turn] ?? "")),
      );
      const [answer] = await Promise.all([askMetering(world.services[2], toConsume(1)), ...closing]);
      expect(isAdmitted(answer)).toBe(true);
      consumed += 1;
    }
    const closed = await expectClosedOnce(world.db, user);
    const listIds = (state: string) => closed.filter(({ states }) => states[0] === state).map(({ id }) => id);
    expect(new Set(listIds("committed"))).toEqual(won.committed);
    expect(new Set(listIds("released"))).toEqual(won.released);
    expect(listIds("expired").length).toBeGreaterThan(0);
    expect(won.committed.size * won.released.size).toBeGreaterThan(0);
    expect(await listStoredLevels(world.db, [user])).toMatchObject([
      { type: "MaxOrderTimes", used: consumed + won.committed.size, reserved: 0 },
      { type: "MaxSize", used: 10 * won.committed.size, reserved: 0 },
    ]);
    await expectNoDrift(world.db, [user]);
  });

  test("is closed with all its types, even if it expires while it is being closed", async ({ world }) => {
    const id = await reserve(world, "r");
    await sql`update eom_quota_reservation set expires_at = now() + interval '2 seconds'`.execute(world.db);
    const held = Promise.withResolvers<void>();
    const mayGo = Promise.withResolvers<void>();
    const holding = world.db.transaction().execute(async (tx) => {
      await sql`select from eom_quota_reservation where type = 'MaxOrderTimes' for update`.execute(tx);
      held.resolve();
      await mayGo.promise;
    });
    await held.promise;
    const committing = close(world.services[0], "commit", id);
    const waiting = sql`pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await expect.poll(() => countWhere(world, waiting)).toBe(1);
    await expect.poll(() => countWhere(world, sql`eom_quota_reservation where expires_at > now()`)).toBe(0);
    await sweepReservations(world.db);
    mayGo.resolve();
    await holding;
    const isCommitted = await committing;
    await sweepReservations(world.db);
    const [closed] = await expectClosedOnce(world.db, user);
    expect(closed?.states).toEqual([isCommitted ? "committed" : "expired"]);
    await expectNoDrift(world.db, [user]);
  });

  async function countWhere({ db }: QuotaWorld, from: ReturnType<typeof sql>): Promise<number | undefined> {
    const { rows } = await sql<{ count: number }>`select count(*) as count from ${from}`.execute(db);
    return rows[0]?.count;
  }
});

describe("known keys", () => {
  const test = postgresTest;
  const children = new Set<ChildProcess>();
  test.beforeEach(async ({ world }) => {
    await giveQuota(world.db, user, { type: "MaxOrderTimes", limit });
  });
  afterEach(async () => {
    for (const child of children) child.kill("SIGKILL");
  });

  /** Amounts of 1 to 3, in sum more than the limit. */
  const requests = Array.from({ length: 900 }, (_, at): MeteringRequest => {
    return { kind: "consume", userId: user, key: `known${at}`, amounts: { MaxOrderTimes: 1 + (at % 3) } };
  });

  test("are counted once each when their process is killed and another process repeats all of them", async ({
    world,
  }) => {
    const writer = await startWriter(world);
    writer.begin();
    const lines: string[] = [];
    for await (const line of writer.lines) {
      lines.push(line);
      if (lines.length === 150) writer.child.kill("SIGKILL");
    }
    expect(lines).not.toContain("done");
    expect(await writer.exited).toBe("SIGKILL");
    const answers = await Promise.all(
      requests.map(async (request) => ({ request, answer: await askMetering(world.services[1], request) })),
    );
    const admitted = new Set(answers.flatMap(({ request, answer }) => (isAdmitted(answer) ? [request.key] : [])));
    for (const line of lines) {
      const [verdict, key = ""] = line.split(" ");
      expect(admitted.has(key), `${line}, and differently the second time`).toBe(verdict === "admitted");
    }
    expect(answers.filter(({ answer }) => answer.isReplay).length).toBeGreaterThanOrEqual(
      lines.filter((line) => line.startsWith("admitted")).length,
    );
    await expectCountedOnce(world, admitted);
  });

  test("are counted once each when two processes send the same keys at the same time", async ({ world }) => {
    const writers = await Promise.all([startWriter(world), startWriter(world)]);
    for (const writer of writers) writer.begin();
    const outputs = await Promise.all(writers.map(({ lines }) => Array.fromAsync(lines)));
    expect(outputs.map((lines) => lines.at(-1))).toEqual(["done", "done"]);
    const [first, other] = outputs.map((lines) => lines.filter((line) => line !== "done").sort());
    expect(first).toHaveLength(requests.length);
    expect(other).toEqual(first);
    const admitted = first?.filter((line) => line.startsWith("admitted")).map((line) => line.slice("admitted ".length));
    await expectCountedOnce(world, new Set(admitted));
  });

  async function expectCountedOnce({ db }: QuotaWorld, admitted: ReadonlySet<string>): Promise<void> {
    const sum = requests
      .filter(({ key }) => admitted.has(key))
      .reduce((total, request) => total + (("amounts" in request && request.amounts?.MaxOrderTimes) || 0), 0);
    expect(sum).toBe(limit);
    const entries = [{ entries: admitted.size, used: sum, reserved: 0 }];
    expect(await listPeriodSums(db, user, "MaxOrderTimes")).toEqual(entries);
    await expectLevel(db, { used: sum, reserved: 0 });
  }

  /** A process that is ready and waits for `begin`. */
  async function startWriter({ database }: QuotaWorld) {
    const script = new URL("../support/processes/metering-writer.ts", import.meta.url).pathname;
    const task: MeteringTask = { url: database.url ?? "", requests, clients: 16 };
    const child = spawn(process.execPath, [script, JSON.stringify(task)], { stdio: ["pipe", "pipe", "inherit"] });
    children.add(child);
    const exited = once(child, "exit").then(([, signal]) => {
      children.delete(child);
      return signal as string | null;
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("ready");
    return { child, lines: { [Symbol.asyncIterator]: () => lines }, exited, begin: () => child.stdin.end() };
  }
});
