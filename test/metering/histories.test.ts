import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Outcome } from "../../src/metering/admission-model.ts";
import { listAnswers } from "../../src/metering/answers.ts";
import { listAmounts } from "../../src/metering/model.ts";
import { type QuotaType, quotaTypes } from "../../src/quotas/model.ts";
import {
  assign,
  createQuotaWorld,
  endMonth,
  expectClosedOnce,
  expectNoDrift,
  giveQuota,
  listStoredLevels,
  outlive,
  overrideLimit,
  type QuotaWorld,
  setExpired,
  sweepReservations,
  takeAway,
} from "../quotas/world.ts";
import { databaseKinds } from "../support/database/database.ts";
import { type Answer, askMetering, type MeteringRequest, type Told, toKeyed } from "../support/metering.ts";
import { heavyTestTimeout } from "../support/time-limits.ts";
import { type Command, history, toOther } from "./history.ts";

const numRuns = { postgres: 15, embedded: 5 };
const limit = 40;

describe.each(databaseKinds)("whatever happens on %s", (kind) => {
  let world: QuotaWorld;
  beforeAll(async () => {
    world = await createQuotaWorld(kind);
  });
  afterAll(() => world.close());

  test("no more is admitted than the limit, levels are the sums of their ledgers, and keys keep their answers", {
    timeout: heavyTestTimeout,
  }, async () => {
    const lives = fc.asyncProperty(history, async (rounds) => {
      const story = await beginStory(world);
      for (const round of rounds) await story.live(round);
      await story.end();
    });
    // Shrinking ends in time to tell what it found.
    await fc.assert(lives, {
      numRuns: numRuns[kind],
      interruptAfterTimeLimit: heavyTestTimeout - 60_000,
      examples: [[keyOfRefusedCommit]],
    });
  });
});

/** A commit of more than was reserved is refused and not kept, so that its key is free for one that is admitted. */
const keyOfRefusedCommit: readonly (readonly Command[])[] = [
  [{ does: "reserve", user: 0, amounts: { MaxOrderTimes: 12, MaxSize: 9 } }],
  [{ does: "commit", which: 0, amounts: { MaxSize: 10 } }],
  [{ does: "reuse", back: 1 }],
];

interface Asked {
  readonly request: MeteringRequest;
  readonly answer: Answer;
}

/** Two users of their own, with a quota of each type, and all that they were told. */
async function beginStory(world: QuotaWorld) {
  const { db, services } = world;
  const users = [randomUUID(), randomUUID()] as const;
  const quotaIds = new Map<string, string>();
  for (const userId of users) {
    for (const type of quotaTypes) {
      const expire = type === "MaxSize" ? { type: "never" as const } : everyMonth;
      quotaIds.set(toLevelKey(userId, type), await giveQuota(db, userId, { type, limit, expire }));
    }
  }
  const toUser = (index: number) => users[index % users.length] ?? users[0];
  const asked: Asked[] = [];
  const answers = createAnswerBook();

  /** What the commands ask of metering; one that names an earlier request may name one of the same round. */
  function toRequests(round: readonly Command[]): Map<Command, MeteringRequest> {
    const earlier = asked.map(({ request }) => request);
    const held = asked.flatMap(({ request, answer }) => {
      const id = findReservationId(answer.told);
      return request.kind === "reserve" && id !== null ? [{ userId: request.userId, id }] : [];
    });
    const requests = new Map<Command, MeteringRequest>();
    for (const command of round) {
      const request = toRequest(command, { toUser, earlier, held });
      if (request === null) continue;
      requests.set(command, request);
      earlier.push(request);
    }
    return requests;
  }

  async function happen(command: Command): Promise<unknown> {
    switch (command.does) {
      case "sweep":
        return sweepReservations(db);
      case "endMonth":
        return endMonth(db);
      case "outlive":
        return outlive(db, toUser(command.user));
      case "setExpired":
        return setExpired(db, toUser(command.user), command.isExpired);
      case "setLimit":
        return overrideLimit(db, toUser(command.user), command.type, command.limit);
      case "takeAway":
      case "assign": {
        const userId = toUser(command.user);
        const quotaId = quotaIds.get(toLevelKey(userId, command.type)) ?? "";
        return command.does === "assign" ? assign(db, userId, quotaId) : takeAway(db, userId, quotaId);
      }
      default:
        // The others are requests, or had nothing to name.
        return undefined;
    }
  }

  return {
    /** All commands at once, at two services by turns. */
    async live(round: readonly Command[]): Promise<void> {
      const before = await listStoredLevels(db, users);
      const requests = toRequests(round);
      const told = await Promise.all(
        round.map(async (command, at) => {
          const request = requests.get(command);
          if (request === undefined) await happen(command);
          else return [{ request, answer: await askMetering(services[at % 2 === 0 ? 0 : 1], request) }];
          return [];
        }),
      );
      for (const one of told.flat()) {
        asked.push(one);
        answers.note(one);
      }
      const after = await listStoredLevels(db, users);
      expectWithinLimits(before, after, { round, requests: [...requests.values()], toUser });
      await expectNoDrift(db, users);
    },

    async end(): Promise<void> {
      for (const userId of users) await outlive(db, userId);
      await sweepReservations(db);
      for (const userId of users) await expectClosedOnce(db, userId);
      await expectNoDrift(db, users);
      await expectOutcomesWithinLimits(world, asked);
      await expectConsumedOnce(world, users, asked);
      const before = await listStoredLevels(db, users);
      await answers.expectKept((request) => askMetering(services[2], request));
      expect(await listStoredLevels(db, users)).toEqual(before);
    },
  };
}

const everyMonth = { type: "every", unit: "month", time_zone: "Europe/Berlin" } as const;

function toLevelKey(userId: string, type: QuotaType): string {
  return `${userId} ${type}`;
}

let lastKey = 0;

interface Named {
  readonly toUser: (index: number) => string;
  readonly earlier: readonly MeteringRequest[];
  readonly held: readonly { readonly userId: string; readonly id: string }[];
}

function toRequest(command: Command, { toUser, earlier, held }: Named): MeteringRequest | null {
  lastKey += 1;
  const key = `key ${lastKey}`;
  switch (command.does) {
    case "consume":
    case "adjust":
    case "reserve":
      return { kind: command.does, userId: toUser(command.user), key, amounts: command.amounts };
    case "commit": {
      const reservation = held[command.which % held.length];
      return reservation === undefined ? null : { kind: "commit", key, ...reservation, amounts: command.amounts };
    }
    case "release": {
      const reservation = held[command.which % held.length];
      return reservation === undefined ? null : { kind: "release", key, ...reservation };
    }
    case "repeat":
      return earlier[command.back % earlier.length] ?? null;
    case "reuse": {
      const request = earlier[command.back % earlier.length];
      return request === undefined ? null : toOther(request);
    }
    default:
      return null;
  }
}

function findReservationId(told: Told): string | null {
  return "body" in told && "id" in told.body && typeof told.body.id === "string" ? told.body.id : null;
}

interface Round {
  readonly round: readonly Command[];
  readonly requests: readonly MeteringRequest[];
  readonly toUser: (index: number) => string;
}

type Levels = Awaited<ReturnType<typeof listStoredLevels>>;

/** But for adjustments, no level has grown beyond every limit that it had in this round. */
function expectWithinLimits(before: Levels, after: Levels, { round, requests, toUser }: Round): void {
  for (const level of after) {
    const { user_id: userId, type } = level;
    if (requests.some((request) => request.kind === "adjust" && request.userId === userId)) continue;
    const earlier = before.find((other) => other.user_id === userId && other.type === type);
    const isOfLevel = (command: Command) =>
      "type" in command && command.type === type && toUser(command.user) === userId;
    const limits = [
      level.limit,
      earlier === undefined || round.some((command) => command.does === "assign" && isOfLevel(command))
        ? limit
        : earlier.limit,
      ...round.flatMap((command) => (command.does === "setLimit" && isOfLevel(command) ? [command.limit] : [])),
    ];
    if (limits.includes(null)) continue;
    const bounds = [toSum(earlier), ...limits.map((bound) => BigInt(bound ?? 0))];
    expect(
      bounds.some((bound) => toSum(level) <= bound),
      `${JSON.stringify({ level, earlier, limits })}`,
    ).toBe(true);
  }
}

function toSum(level: { readonly used: number; readonly reserved: number } | undefined): bigint {
  return BigInt(level?.used ?? 0) + BigInt(level?.reserved ?? 0);
}

/** No request that was admitted found itself beyond the limit. */
async function expectOutcomesWithinLimits({ db }: QuotaWorld, asked: readonly Asked[]): Promise<void> {
  const growing = asked.filter(({ request }) => request.kind === "consume" || request.kind === "reserve");
  const hashes = [...new Set(growing.map(({ request }) => toHex(request)))];
  const kept = await listAnswers<Outcome>(db, hashes);
  expect(kept).toHaveLength(hashes.length);
  const beyond = kept.flatMap(({ outcome }) =>
    outcome.levels.filter(
      (level) => outcome.allowed && level.requested > 0 && level.limit !== null && toSum(level) > BigInt(level.limit),
    ),
  );
  expect(beyond, "admitted beyond the limit").toEqual([]);
}

/** What the ledgers say was consumed is what clients were told was admitted, each key once. */
async function expectConsumedOnce({ db }: QuotaWorld, users: readonly string[], asked: readonly Asked[]) {
  const admitted = new Map<string, bigint>();
  for (const { request, answer } of asked) {
    if (request.kind !== "consume" || "failure" in answer.told) continue;
    const added = listAmounts(request.amounts).map(({ amount }) => BigInt(Math.max(0, amount)));
    admitted.set(
      toHex(request),
      added.reduce((sum, amount) => sum + amount, 0n),
    );
  }
  const { rows } = await sql<{ sum: string }>`
    select coalesce(sum(amount), 0)::text as sum from eom_quota_ledger
    where user_id = any(${users}::text[]) and kind = 'consume' and amount > 0`.execute(db);
  expect(BigInt(rows[0]?.sum ?? -1)).toBe([...admitted.values()].reduce((sum, amount) => sum + amount, 0n));
}

function toHex(request: MeteringRequest): string {
  return Buffer.from(toKeyed(request).keyHash).toString("hex");
}

function isOfUsedKey(told: Told): boolean {
  return "failure" in told && told.failure.code === "IDEMPOTENCY_KEY_REUSED";
}

/**
 * Every answer by its key and request: from the first time on it must stay the same. Only a refusal that was not kept
 * leaves its key free; once another request has taken that, the refused one hears so.
 */
function createAnswerBook() {
  const book = new Map<string, { readonly request: MeteringRequest; readonly told: Told; readonly isKept: boolean }>();

  function note({ request, answer: { told, isReplay } }: Asked): void {
    const { keyHash, requestHash } = toKeyed(request);
    const page = Buffer.concat([keyHash, requestHash]).toString("hex");
    const first = book.get(page);
    if (first !== undefined) {
      if (isKeyTakenMeanwhile(first.told, told)) book.set(page, { request, told, isKept: false });
      else if (!isKeyTakenMeanwhile(told, first.told)) expect(told, JSON.stringify(request)).toEqual(first.told);
      return;
    }
    const refusals = ["QUOTA_EXCEEDED", "IDEMPOTENCY_KEY_REUSED", "RESERVATION_CLOSED", "VALIDATION_ERROR"];
    if ("failure" in told) expect(refusals).toContain(told.failure.code);
    book.set(page, { request, told, isKept: isReplay || "body" in told });
  }

  /** Of one round, the answer that was given first may be noted last: this is asked both ways. */
  function isKeyTakenMeanwhile(before: Told, after: Told): boolean {
    return "failure" in before && before.failure.code === "VALIDATION_ERROR" && isOfUsedKey(after);
  }

  /** Each key has one request that it answers; to any other it says that it was used. */
  function expectOneRequestEach(): void {
    const owners = new Map<string, MeteringRequest>();
    for (const { request, told } of book.values()) {
      const isOwner = "body" in told || told.failure.code === "QUOTA_EXCEEDED";
      if (!isOwner) continue;
      expect(owners.get(toHex(request)), "another request with the same key").toBeUndefined();
      owners.set(toHex(request), request);
    }
    for (const { request, told } of book.values()) {
      if (isOfUsedKey(told)) expect(owners.has(toHex(request))).toBe(true);
    }
  }

  async function expectKept(ask: (request: MeteringRequest) => Promise<Answer>): Promise<void> {
    await Promise.all(
      [...book.values()].map(async ({ request, told, isKept }) => {
        const answer = await ask(request);
        note({ request, answer });
        if (isKept) expect(answer.isReplay).toBe(true);
        if (isOfUsedKey(told)) expect(answer.told).toEqual(told);
      }),
    );
    expectOneRequestEach();
  }

  return { note, expectKept };
}
