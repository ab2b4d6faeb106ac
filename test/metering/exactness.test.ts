import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { MeteringService } from "../../src/metering/service.ts";
import type { Database } from "../../src/platform/database/tables.ts";
import {
  createQuotaWorld,
  endMonth,
  expectClosedOnce,
  expectNoDrift,
  giveQuota,
  listPeriodSums,
  listStoredLevels,
  outlive,
  type QuotaWorld,
  sweepReservations,
} from "../quotas/world.ts";
import { databaseKinds } from "../support/database/database.ts";
import { askMetering, isAdmitted, type MeteringRequest } from "../support/metering.ts";
import type { MeteringTask } from "../support/processes/metering-writer.ts";

const limit = 1000;
const clients = 64;
const user = "user";

let world: QuotaWorld;
afterEach(() => world.close());

/** Each client begins when the others do, at one of two services. */
function asClients(ask: (service: MeteringService, client: number) => Promise<void>): Promise<unknown> {
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

describe.each(databaseKinds)("clients at a limit on %s", (kind) => {
  beforeEach(async () => {
    world = await createQuotaWorld(kind);
  });

  test("are admitted exactly as often as it says, however many ask at once", async () => {
    await giveQuota(world.db, user, { type: "MaxOrderTimes", limit });
    let admitted = 0;
    await asClients(async (service) => {
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
  beforeEach(async () => {
    world = await createQuotaWorld("postgres");
  });

  test("fill it to the last byte with amounts of all sizes, and never beyond", async () => {
    await giveQuota(world.db, user, { type: "MaxSize", limit });
    let admitted = 0;
    await asClients(async (service, client) => {
      for (let amount = 1 + ((client * 7) % 23); amount > 0; ) {
        if (isAdmitted(await askMetering(service, toConsume(amount, "MaxSize")))) admitted += amount;
        else amount = Math.floor(amount / 2);
      }
    });
    expect(admitted).toBe(limit);
    await expectLevel(world.db, { used: limit, reserved: 0 });
  });

  test("are admitted exactly as often as it says in each of two periods, while the first ends", async () => {
    const expire = { type: "every", unit: "month", time_zone: "Europe/Berlin" } as const;
    await giveQuota(world.db, user, { type: "MaxOrderTimes", limit, expire });
    let admitted = 0;
    const first = Promise.withResolvers<void>();
    let isOver = false;
    const asking = asClients(async (service) => {
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
  const both = { MaxOrderTimes: 1, MaxSize: 10 };

  beforeEach(async () => {
    world = await createQuotaWorld("postgres");
    await giveQuota(world.db, user, { type: "MaxOrderTimes", limit });
    await giveQuota(world.db, user, { type: "MaxSize", limit });
  });

  async function reserve(key: string): Promise<string> {
    const call = { kind: "reserve", userId: user, key, amounts: both } as const;
    const { told } = await askMetering(world.services[0], call);
    if ("body" in told && "id" in told.body && typeof told.body.id === "string") return told.body.id;
    throw new Error("was not reserved");
  }

  async function close(service: MeteringService, kind: "commit" | "release", id: string): Promise<boolean> {
    const request = { userId: user, key: id, id };
    const call = kind === "commit" ? ({ ...request, kind, amounts: null } as const) : ({ ...request, kind } as const);
    const { told } = await askMetering(service, call);
    if ("failure" in told) expect(told.failure.code).toBe("RESERVATION_CLOSED");
    return "body" in told;
  }

  test("is closed by one of those who commit it, release it and expire it at once", async () => {
    const ids = await Promise.all(Array.from({ length: 99 }, (_, at) => reserve(`r${at}`)));
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
      // Each goes first for one of them. The consumer gives back on its way what has run out.
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

  test("is closed whole, also when its time runs out while someone is closing it", async () => {
    const id = await reserve("r");
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
    await expect.poll(() => countWhere(waiting)).toBe(1);
    await expect.poll(() => countWhere(sql`eom_quota_reservation where expires_at > now()`)).toBe(0);
    await sweepReservations(world.db);
    mayGo.resolve();
    await holding;
    const isCommitted = await committing;
    await sweepReservations(world.db);
    const [closed] = await expectClosedOnce(world.db, user);
    expect(closed?.states).toEqual([isCommitted ? "committed" : "expired"]);
    await expectNoDrift(world.db, [user]);
  });

  async function countWhere(from: ReturnType<typeof sql>): Promise<number | undefined> {
    const { rows } = await sql<{ count: number }>`select count(*) as count from ${from}`.execute(world.db);
    return rows[0]?.count;
  }
});

describe("known keys", () => {
  const children = new Set<ChildProcess>();
  beforeEach(async () => {
    world = await createQuotaWorld("postgres");
    await giveQuota(world.db, user, { type: "MaxOrderTimes", limit });
  });
  afterEach(async () => {
    for (const child of children) child.kill("SIGKILL");
  });

  /** More than fit, of 1 to 3 each. */
  const requests = Array.from({ length: 900 }, (_, at): MeteringRequest => {
    return { kind: "consume", userId: user, key: `known${at}`, amounts: { MaxOrderTimes: 1 + (at % 3) } };
  });

  test("are counted once each when their process is killed and another one retries them all", async () => {
    const writer = await startWriter();
    writer.begin();
    const told: string[] = [];
    for await (const line of writer.lines) {
      told.push(line);
      if (told.length === 150) writer.child.kill("SIGKILL");
    }
    expect(told).not.toContain("done");
    expect(await writer.exited).toBe("SIGKILL");
    const answers = await Promise.all(
      requests.map(async (request) => ({ request, answer: await askMetering(world.services[1], request) })),
    );
    const admitted = new Set(answers.flatMap(({ request, answer }) => (isAdmitted(answer) ? [request.key] : [])));
    for (const line of told) {
      const [verdict, key = ""] = line.split(" ");
      expect(admitted.has(key), `${line}, then otherwise`).toBe(verdict === "admitted");
    }
    expect(answers.filter(({ answer }) => answer.isReplay).length).toBeGreaterThanOrEqual(
      told.filter((line) => line.startsWith("admitted")).length,
    );
    await expectCountedOnce(admitted);
  });

  test("are counted once each when two processes ask with the same ones at once", async () => {
    const writers = await Promise.all([startWriter(), startWriter()]);
    for (const writer of writers) writer.begin();
    const told = await Promise.all(writers.map(({ lines }) => Array.fromAsync(lines)));
    expect(told.map((lines) => lines.at(-1))).toEqual(["done", "done"]);
    const [one, other] = told.map((lines) => lines.filter((line) => line !== "done").sort());
    expect(one).toHaveLength(requests.length);
    expect(other).toEqual(one);
    const admitted = one?.filter((line) => line.startsWith("admitted")).map((line) => line.slice("admitted ".length));
    await expectCountedOnce(new Set(admitted));
  });

  async function expectCountedOnce(admitted: ReadonlySet<string>): Promise<void> {
    const sum = requests
      .filter(({ key }) => admitted.has(key))
      .reduce((total, request) => total + (("amounts" in request && request.amounts?.MaxOrderTimes) || 0), 0);
    expect(sum).toBe(limit);
    const entries = [{ entries: admitted.size, used: sum, reserved: 0 }];
    expect(await listPeriodSums(world.db, user, "MaxOrderTimes")).toEqual(entries);
    await expectLevel(world.db, { used: sum, reserved: 0 });
  }

  /** Ready, and waiting to begin. */
  async function startWriter() {
    const script = new URL("../support/processes/metering-writer.ts", import.meta.url).pathname;
    const task: MeteringTask = { url: world.database.url ?? "", requests, clients: 16 };
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
