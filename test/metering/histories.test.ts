import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { sql } from "kysely";
import { expect } from "vitest";
import type { Outcome } from "../../src/metering/admission/request.ts";
import { listAmounts } from "../../src/metering/amounts.ts";
import { listAnswers } from "../../src/metering/answers.ts";
import { type QuotaType, quotaTypes } from "../../src/quotas/quota-type.ts";
import { type Answer, askMetering, type MeteringRequest, type Reply, toKeyed } from "../support/metering.ts";
import { heavyTestTimeout } from "../support/time-limits.ts";
import { describeOnDatabases } from "./fixtures.ts";
import { type Command, history, toOther } from "./history.ts";
import {
  assign,
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
} from "./world.ts";

const numRuns = { postgres: 15, embedded: 5 };
const limit = 40;

describeOnDatabases("whatever happens", (test, kind) => {
  test("no more than the limit is admitted, levels are the sums of their ledgers, and keys keep their answers", {
    timeout: heavyTestTimeout,
  }, async ({ world }) => {
    const lives = fc.asyncProperty(history, async (rounds) => {
      const run = await startHistory(world);
      for (const round of rounds) await run.live(round);
      await run.end();
    });
    // Stops shrinking early enough to report the counterexample within the test's time.
    await fc.assert(lives, {
      numRuns: numRuns[kind],
      interruptAfterTimeLimit: heavyTestTimeout - 60_000,
      examples: [[keyOfRefusedCommit]],
    });
  });
});

/** A commit of more than was reserved is refused and not kept: its key is free for a commit that is admitted. */
const keyOfRefusedCommit: readonly (readonly Command[])[] = [
  [{ does: "reserve", user: 0, amounts: { MaxOrderTimes: 12, MaxSize: 9 } }],
  [{ does: "commit", which: 0, amounts: { MaxSize: 10 } }],
  [{ does: "reuse", back: 1 }],
];

interface Asked {
  readonly request: MeteringRequest;
  readonly answer: Answer;
}

/** Two new users with a quota of each type, and all answers that they get. */
async function startHistory(world: QuotaWorld) {
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

  /** The requests of the commands. A command may repeat an earlier request, also one of the same round. */
  function toRequests(round: readonly Command[]): Map<Command, MeteringRequest> {
    const earlier = asked.map(({ request }) => request);
    const held = asked.flatMap(({ request, answer }) => {
      const id = findReservationId(answer.reply);
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
        // The other commands are requests, or name an earlier request that does not exist.
        return undefined;
    }
  }

  return {
    /** Runs all commands at the same time, at two services in turn. */
    async live(round: readonly Command[]): Promise<void> {
      const before = await listStoredLevels(db, users);
      const requests = toRequests(round);
      const answered = await Promise.all(
        round.map(async (command, at) => {
          const request = requests.get(command);
          if (request === undefined) await happen(command);
          else return [{ request, answer: await askMetering(services[at % 2 === 0 ? 0 : 1], request) }];
          return [];
        }),
      );
      for (const result of answered.flat()) {
        asked.push(result);
        answers.note(result);
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

function findReservationId(reply: Reply): string | null {
  return "body" in reply && "id" in reply.body && typeof reply.body.id === "string" ? reply.body.id : null;
}

interface Round {
  readonly round: readonly Command[];
  readonly requests: readonly MeteringRequest[];
  readonly toUser: (index: number) => string;
}

type Levels = Awaited<ReturnType<typeof listStoredLevels>>;

/** Except by adjustments, no level has grown beyond the greatest limit that it had in this round. */
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

/** No outcome of an admitted request has a level beyond its limit. */
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

/** The ledgers' sum of consumed amounts is the sum of the admitted ones, each key once. */
async function expectConsumedOnce({ db }: QuotaWorld, users: readonly string[], asked: readonly Asked[]) {
  const admitted = new Map<string, bigint>();
  for (const { request, answer } of asked) {
    if (request.kind !== "consume" || "failure" in answer.reply) continue;
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

function isOfUsedKey(reply: Reply): boolean {
  return "failure" in reply && reply.failure.code === "IDEMPOTENCY_KEY_REUSED";
}

/**
 * Every answer by its key and request: it must stay the same from the first time on. Only a refusal that is not kept leaves its
 * key free; once another request has used the key, the refused request is answered with IDEMPOTENCY_KEY_REUSED.
 */
function createAnswerBook() {
  const book = new Map<
    string,
    { readonly request: MeteringRequest; readonly reply: Reply; readonly isKept: boolean }
  >();

  function note({ request, answer: { reply, isReplay } }: Asked): void {
    const { keyHash, requestHash } = toKeyed(request);
    const page = Buffer.concat([keyHash, requestHash]).toString("hex");
    const first = book.get(page);
    if (first !== undefined) {
      if (isKeyTakenMeanwhile(first.reply, reply)) book.set(page, { request, reply, isKept: false });
      else if (!isKeyTakenMeanwhile(reply, first.reply)) expect(reply, JSON.stringify(request)).toEqual(first.reply);
      return;
    }
    const refusals = ["QUOTA_EXCEEDED", "IDEMPOTENCY_KEY_REUSED", "RESERVATION_CLOSED", "VALIDATION_ERROR"];
    if ("failure" in reply) expect(refusals).toContain(reply.failure.code);
    book.set(page, { request, reply, isKept: isReplay || "body" in reply });
  }

  /** Within a round, the first answer may be noted last: callers ask for both orders. */
  function isKeyTakenMeanwhile(before: Reply, after: Reply): boolean {
    return "failure" in before && before.failure.code === "VALIDATION_ERROR" && isOfUsedKey(after);
  }

  /** Each key answers one request; any other request with the key is answered with IDEMPOTENCY_KEY_REUSED. */
  function expectOneRequestEach(): void {
    const owners = new Map<string, MeteringRequest>();
    for (const { request, reply } of book.values()) {
      const isOwner = "body" in reply || reply.failure.code === "QUOTA_EXCEEDED";
      if (!isOwner) continue;
      expect(owners.get(toHex(request)), "another request with the same key").toBeUndefined();
      owners.set(toHex(request), request);
    }
    for (const { request, reply } of book.values()) {
      if (isOfUsedKey(reply)) expect(owners.has(toHex(request))).toBe(true);
    }
  }

  async function expectKept(ask: (request: MeteringRequest) => Promise<Answer>): Promise<void> {
    await Promise.all(
      [...book.values()].map(async ({ request, reply, isKept }) => {
        const answer = await ask(request);
        note({ request, answer });
        if (isKept) expect(answer.isReplay).toBe(true);
        if (isOfUsedKey(reply)) expect(answer.reply).toEqual(reply);
      }),
    );
    expectOneRequestEach();
  }

  return { note, expectKept };
}
