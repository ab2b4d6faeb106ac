import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { toWaitMilliseconds } from "../../clients/typescript/src/connection/retry.ts";
import {
  createMeteringClient,
  EomError,
  EomUnreachableError,
  type MeteringOptions,
} from "../../clients/typescript/src/metering/client.ts";
import type { FailOpenEvent } from "../../clients/typescript/src/metering/options.ts";
import { findFreePort } from "../../src/platform/http/server.ts";
import { count, createServerStarter, hang, refuse, reset, say, trickle } from "./servers.ts";

const token = "eom_secret-of-the-order-service";
const amounts = { amounts: { MaxOrderTimes: 1 } };

/** Time limits that a call to an answering server never reaches, however busy the machine is. */
const quick = { token, backoffMilliseconds: 1, timeoutMilliseconds: 20_000, deadlineMilliseconds: 60_000 };

/** For a silent server. */
const soon = { timeoutMilliseconds: 1_000 };

const start = createServerStarter();

const createClosed = (baseUrl: string, options: Partial<MeteringOptions> = {}) =>
  createMeteringClient({ ...quick, ...options, baseUrl, whenUnreachable: "failClosed" });
const createOpen = (baseUrl: string, options: Partial<MeteringOptions> = {}) =>
  createMeteringClient({ ...quick, ...options, baseUrl, whenUnreachable: "failOpen" });

describe("an attempt without a decision", () => {
  test.each<[string, typeof hang, Partial<MeteringOptions>?]>([
    ["hangs", hang, soon],
    ["trickles its answer", trickle, soon],
    ["resets the connection", reset],
    ["answers 502 by a gateway", say(502, "<html>")],
    ["answers 503", refuse(503, "DATABASE_UNAVAILABLE", { "retry-after": "0" })],
    ["answers 504", say(504, "")],
    ["is still working on the first", refuse(409, "IDEMPOTENCY_IN_FLIGHT")],
    ["gets too many requests", refuse(429, "RATE_LIMITED")],
    ["answers with text that is not JSON", say(200, "{garbage")],
    ["answers with JSON that is not EOM's", say(200, '{"ok": true}')],
    ["answers a consume with allowed: false", say(200, '{"allowed": false, "violations": [], "usage": {}}')],
    [
      "answers with more than any answer of EOM has",
      say(200, `{"allowed": true, "violations": [], "usage": {}}${" ".repeat(300_000)}`),
    ],
  ])("is made again with the same key and bytes when EOM %s", async (_, answer, options) => {
    const server = await start(answer, count);
    expect(await createClosed(server.url, options).consume("u", amounts)).toMatchObject({ outcome: "allowed" });
    const [first, second] = server.asked;
    expect(server.asked).toHaveLength(2);
    expect(first?.key).toMatch(/^[\da-f-]{36}$/);
    expect(second).toEqual(first);
  });

  test("is not made again when EOM has decided, whatever the decision", async () => {
    for (const [status, code] of [
      [400, "VALIDATION_ERROR"],
      [403, "FORBIDDEN"],
      [409, "RESERVATION_CLOSED"],
      [422, "IDEMPOTENCY_KEY_REUSED"],
      [500, "INTERNAL_ERROR"],
    ] as const) {
      const server = await start(refuse(status, code));
      await expect(createOpen(server.url).consume("u", amounts)).rejects.toMatchObject({ code: code });
      expect(server.asked).toHaveLength(1);
    }
  });

  test("waits as long as EOM asks, plus a back-off that doubles and is half random", () => {
    const wait = (attempts: number, random: number, retryAfterMilliseconds: number | null = null) =>
      toWaitMilliseconds({ attempts, retryAfterMilliseconds, backoffMilliseconds: 100, random: () => random });
    expect([wait(1, 0), wait(1, 1), wait(2, 0), wait(2, 1), wait(20, 1)]).toEqual([50, 100, 100, 200, 2000]);
    expect(wait(1, 0, 3000)).toBe(3050);
  });

  test("is the last one when Retry-After passes the deadline", async () => {
    const server = await start(refuse(503, "DATABASE_UNAVAILABLE", { "retry-after": "3600" }));
    await expect(createClosed(server.url).consume("u", amounts)).rejects.toMatchObject({
      reason: "unavailable",
      detail: "DATABASE_UNAVAILABLE",
      attempts: 1,
    });
  });
});

describe("the deadline", () => {
  test("includes all attempts and pauses", async () => {
    const server = await start(hang);
    const client = createClosed(server.url, { timeoutMilliseconds: 50, attempts: 1000, deadlineMilliseconds: 120 });
    const startedAt = performance.now();
    await expect(client.consume("u", amounts)).rejects.toMatchObject({ reason: "timeout" });
    // A thousand attempts would take 50 seconds.
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(server.asked.length).toBeLessThanOrEqual(4);
  });

  test("ends a call whose fetch ignores its signal", async () => {
    const client = createClosed("http://eom.test", { ...soon, fetch: () => new Promise(() => {}), attempts: 2 });
    await expect(client.usage("u")).rejects.toMatchObject({ reason: "timeout", attempts: 2 });
  });
});

describe("the caller's signal", () => {
  test("ends a call that waits for an answer", async () => {
    const abort = new AbortController();
    const server = await start(() => abort.abort(new Error("the order was cancelled")));
    const call = createOpen(server.url).consume("u", amounts, {
      signal: abort.signal,
    });
    await expect(call).rejects.toThrow("the order was cancelled");
    expect(server.asked).toHaveLength(1);
  });

  test("ends a call that waits between two attempts", async () => {
    const abort = new AbortController();
    const server = await start(refuse(503, "DATABASE_UNAVAILABLE"));
    // Called when the pause begins.
    const random = () => {
      queueMicrotask(() => abort.abort());
      return 0;
    };
    const options = { backoffMilliseconds: 2_000, random };
    const call = createOpen(server.url, options).consume("u", amounts, { signal: abort.signal });
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
  });

  test("that is already aborted sends no request", async () => {
    const server = await start(count);
    const call = createOpen(server.url).consume("u", amounts, { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
    expect(server.asked).toHaveLength(0);
  });
});

describe("failing closed", () => {
  test("throws, with the key to find out later", async () => {
    const client = createClosed(`http://127.0.0.1:${await findFreePort("127.0.0.1")}`);
    const call = client.reserve("u", amounts, { idempotencyKey: "order 17" });
    await expect(call).rejects.toBeInstanceOf(EomUnreachableError);
    await expect(call).rejects.toMatchObject({
      reason: "no_connection",
      detail: "ECONNREFUSED",
      attempts: 3,
      idempotencyKey: "order 17",
    });
  });
});

describe("failing open", () => {
  test("goes on, returns the assumption, and reports everything that it takes to make the call again", async () => {
    const events: FailOpenEvent[] = [];
    const server = await start(reset);
    const client = createOpen(server.url, { onFailOpen: (event) => events.push(event), attempts: 2 });
    const outcome = await client.consume("u", amounts, { idempotencyKey: "order 17" });
    const silence = { reason: "no_connection", detail: expect.any(String), attempts: 2, idempotencyKey: "order 17" };
    expect(outcome).toEqual({ outcome: "unreachable", assumed: "allowed", usage: null, ...silence });
    const call = { operation: "consume", userId: "u", reservationId: null, body: amounts };
    expect(events).toEqual([{ ...call, ...silence }]);
  });

  test("has no reservation, and commits or releases null without a request", async () => {
    const events: FailOpenEvent[] = [];
    const server = await start(reset);
    const client = createOpen(server.url, { onFailOpen: (event) => events.push(event) });
    const reserved = await client.reserve("u", amounts);
    if (reserved.outcome === "denied") throw new Error("it was denied");
    expect(reserved.reservation).toBeNull();
    const asked = server.asked.length;
    const committed = await client.commit("u", reserved.reservation?.id ?? null, amounts);
    expect(committed).toMatchObject({ outcome: "unreachable", assumed: "not_counted", reason: "not_reserved" });
    expect(await client.release("u", null)).toMatchObject({ assumed: "not_counted", reservation: null });
    expect(server.asked).toHaveLength(asked);
    expect(events.map(({ operation }) => operation)).toEqual(["reserve", "commit", "release"]);
    expect(events[1]?.body).toEqual(amounts);
  });

  test("does not assume a user's usage", async () => {
    const server = await start(reset);
    await expect(createOpen(server.url).usage("u")).rejects.toBeInstanceOf(EomUnreachableError);
  });

  test("does not go on after an answer of another server", async () => {
    for (const answer of [
      say(200, "<html>welcome"),
      say(200, "{}"),
      say(404, "<html>"),
      say(302, "", { location: "/login" }),
    ]) {
      const server = await start(answer);
      await expect(createOpen(server.url).consume("u", amounts)).rejects.toMatchObject({ code: "INVALID_ANSWER" });
    }
  });

  test("goes on when onFailOpen throws", async () => {
    const server = await start(reset);
    for (const onFailOpen of [
      () => {
        throw new Error("no disk");
      },
      async () => {
        throw new Error("no disk");
      },
    ]) {
      expect(await createOpen(server.url, { onFailOpen }).check("u", amounts)).toMatchObject({
        outcome: "unreachable",
      });
    }
  });
});

describe("the token", () => {
  test("is in no error, even if the server returns it", async () => {
    const echoed = { authorization: `Bearer ${token}` };
    const answers = [
      reset,
      say(200, JSON.stringify(echoed)),
      refuse(400, "VALIDATION_ERROR", { "x-request-id": token }, echoed),
      refuse(400, token, {}, echoed),
      refuse(503, token),
      say(500, token),
    ];
    for (const answer of answers) {
      const server = await start(answer);
      const error = await createClosed(server.url)
        .consume("u", amounts)
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(token);
    }
    expect(inspect(createClosed("http://eom.test"), { depth: 10 })).not.toContain(token);
  });

  test("follows no redirect", async () => {
    const other = await start(count);
    const server = await start((response) => void response.writeHead(307, { location: other.url }).end());
    await expect(createClosed(server.url).consume("u", amounts)).rejects.toBeInstanceOf(EomError);
    expect(other.asked).toHaveLength(0);
  });

  test("and a URL that cannot be used are refused without being in the message", () => {
    const create = (changes: object) => () =>
      createMeteringClient({ ...quick, baseUrl: "http://eom.test", whenUnreachable: "failOpen", ...changes });
    for (const changes of [
      { token: "eom_secret\n" },
      { token: "" },
      { baseUrl: "http://me:eom_secret@eom.test" },
      { baseUrl: "eom_secret" },
      { whenUnreachable: undefined },
      { attempts: 0 },
      { timeoutMilliseconds: 2 ** 31 },
    ]) {
      expect(create(changes)).toThrow(TypeError);
      expect(create(changes)).not.toThrow(/eom_secret/);
    }
  });
});

describe("an id", () => {
  test("that no URL can have, and a key that no header can have, are refused and not treated as an EOM that is down", async () => {
    const server = await start(count);
    const client = createOpen(server.url);
    for (const userId of ["", ".", ".."])
      await expect(client.consume(userId, amounts)).rejects.toBeInstanceOf(RangeError);
    for (const idempotencyKey of ["", "\n", "ä"])
      await expect(client.consume("u", amounts, { idempotencyKey })).rejects.toBeInstanceOf(RangeError);
    expect(server.asked).toHaveLength(0);
  });
});
