import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMeteringClient, EomError } from "../../clients/typescript/src/metering/client.ts";
import { connectionLimits, type HttpServer, startHttpServer } from "../../src/platform/http/server.ts";
import { assignQuota, createQuota } from "../contract/provocations.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { startForgetfulServer } from "./servers.ts";

describe("the client of order services", () => {
  let app: TestApp;
  let server: HttpServer;
  let token: string;
  beforeAll(async () => {
    app = await createTestApp("postgres");
    server = await startHttpServer(app.program.app, "127.0.0.1", 0, connectionLimits);
    token = (await app.request("POST", "/eom/admin/tokens", { label: "orders", role: "admin" })).body.token;
  });
  afterAll(async () => {
    await server.stop(0);
    await app.close();
  });

  /** The limits are never reached, however busy the machine is. */
  const limits = { timeoutMilliseconds: 20_000, deadlineMilliseconds: 60_000, backoffMilliseconds: 1 };

  const createClient = (baseUrl = server.url) =>
    createMeteringClient({ ...limits, baseUrl, token, whenUnreachable: "failClosed" });

  /** The user's id has slashes and other characters that a URL must escape. */
  async function createUser(maxOrderTimes: number, changes: Record<string, unknown> = {}): Promise<string> {
    const userId = `team/ä?#%2F ${randomUUID()}`;
    const { id } = await createQuota(app, { value: { max_order_times: maxOrderTimes }, ...changes });
    await assignQuota(app, userId, id);
    return userId;
  }

  const usedOf = async (userId: string) => (await createClient().usage(userId)).usage.MaxOrderTimes?.used;

  test("consumes amounts that are allowed, and returns the level right after", async () => {
    const user = await createUser(5);
    const outcome = await createClient().consume(user, { amounts: { MaxOrderTimes: 2 } });
    expect(outcome).toMatchObject({
      outcome: "allowed",
      isReplay: false,
      usage: { MaxOrderTimes: { used: 2, limit: 5 } },
    });
    expect(await usedOf(user)).toBe(2);
  });

  test("returns a denial with the types that refuse, after one attempt", async () => {
    const user = await createUser(1);
    const forgetful = await startForgetfulServer(app.program.app, 0);
    const outcome = await createClient(forgetful.url).consume(user, { amounts: { MaxOrderTimes: 2 } });
    expect(outcome).toMatchObject({
      outcome: "denied",
      violations: [{ type: "MaxOrderTimes", limit: 1, used: 0, requested: 2, reason: "limit" }],
      retryAfterSeconds: null,
    });
    expect(forgetful.asked).toHaveLength(1);
    await forgetful.stop();
  });

  test("returns the time to wait if a new period ends the denial", async () => {
    const user = await createUser(1, { expire: { type: "every", unit: "month" } });
    const client = createClient();
    await client.consume(user, { amounts: { MaxOrderTimes: 1 } });
    const outcome = await client.consume(user, { amounts: { MaxOrderTimes: 1 } });
    expect(outcome).toMatchObject({ outcome: "denied", retryAfterSeconds: expect.any(Number) });
  });

  test("check returns both allowed and denied, and counts nothing", async () => {
    const user = await createUser(3);
    const client = createClient();
    expect(await client.check(user, { amounts: { MaxOrderTimes: 3 } })).toMatchObject({ outcome: "allowed" });
    expect(await client.check(user, { amounts: { MaxOrderTimes: 4 } })).toMatchObject({
      outcome: "denied",
      violations: [{ requested: 4 }],
    });
    expect(await usedOf(user)).toBe(0);
  });

  test("adjust counts beyond the limit", async () => {
    const user = await createUser(1);
    const outcome = await createClient().adjust(user, { amounts: { MaxOrderTimes: 7 } });
    expect(outcome).toMatchObject({ outcome: "allowed", usage: { MaxOrderTimes: { used: 7, state: "exceeded" } } });
  });

  test("a reservation is committed with the used amounts, or released", async () => {
    const user = await createUser(10);
    const client = createClient();
    const first = await client.reserve(user, { amounts: { MaxOrderTimes: 6 }, ttl_seconds: 60 });
    if (first.outcome !== "allowed") throw new Error("the reserve was refused");
    expect((await client.usage(user)).usage.MaxOrderTimes).toMatchObject({ used: 0, reserved: 6 });
    const committed = await client.commit(user, first.reservation.id, { amounts: { MaxOrderTimes: 4 } });
    expect(committed).toMatchObject({ outcome: "allowed", reservation: { state: "committed" } });

    const second = await client.reserve(user, { amounts: { MaxOrderTimes: 6 } });
    if (second.outcome !== "allowed") throw new Error("the reserve was refused");
    const released = await client.release(user, second.reservation.id);
    expect(released).toMatchObject({ outcome: "allowed", reservation: { state: "released" } });
    expect((await client.usage(user)).usage.MaxOrderTimes).toMatchObject({ used: 4, reserved: 0 });
  });

  test("counts once when the answers of two attempts are lost", async () => {
    const user = await createUser(5);
    const forgetful = await startForgetfulServer(app.program.app, 2);
    const outcome = await createClient(forgetful.url).consume(user, { amounts: { MaxOrderTimes: 1 } });
    expect(outcome).toMatchObject({ outcome: "allowed", isReplay: true });
    expect(new Set(forgetful.asked.map(({ key }) => key)).size).toBe(1);
    expect(forgetful.asked).toHaveLength(3);
    expect(await usedOf(user)).toBe(1);
    await forgetful.stop();
  });

  test("reserves and commits once when the answer of each is lost", async () => {
    const user = await createUser(5);
    const losing = async () => startForgetfulServer(app.program.app, 1);
    const [first, second] = [await losing(), await losing()];
    const reserved = await createClient(first.url).reserve(user, { amounts: { MaxOrderTimes: 3 } });
    if (reserved.outcome !== "allowed") throw new Error("the reserve was refused");
    expect((await createClient().usage(user)).usage.MaxOrderTimes).toMatchObject({ reserved: 3 });
    const committed = await createClient(second.url).commit(user, reserved.reservation.id);
    expect(committed).toMatchObject({ outcome: "allowed", isReplay: true, reservation: { state: "committed" } });
    expect((await createClient().usage(user)).usage.MaxOrderTimes).toMatchObject({ used: 3, reserved: 0 });
    await first.stop();
    await second.stop();
  });

  test("a key of the caller makes the same call count once across restarts", async () => {
    const user = await createUser(5);
    const again = () => createClient().consume(user, { amounts: { MaxOrderTimes: 1 } }, { idempotencyKey: "order 17" });
    expect(await again()).toMatchObject({ outcome: "allowed", isReplay: false });
    expect(await again()).toMatchObject({ outcome: "allowed", isReplay: true });
    expect(await usedOf(user)).toBe(1);
  });

  test("a call that failed open is counted once by the same call with its key, whether it was counted before or not", async () => {
    const user = await createUser(5);
    const forgetful = await startForgetfulServer(app.program.app, 1);
    const options = { ...limits, token, whenUnreachable: "failOpen", attempts: 1 } as const;
    const open = createMeteringClient({ ...options, baseUrl: forgetful.url });
    const body = { amounts: { MaxOrderTimes: 1 } };
    const outcome = await open.consume(user, body);
    if (outcome.outcome !== "unreachable") throw new Error("the answer was not lost");
    expect(await usedOf(user)).toBe(1);
    await createClient().consume(user, body, { idempotencyKey: outcome.idempotencyKey });
    expect(await usedOf(user)).toBe(1);
    await forgetful.stop();
  });

  test("any other refusal is thrown with EOM's code, status, details and request id", async () => {
    const user = await createUser(5);
    const client = createClient();
    const refused = client.consume(user, { amounts: { MaxOrderTimes: 0.5 } });
    await expect(refused).rejects.toBeInstanceOf(EomError);
    await expect(refused).rejects.toMatchObject({
      code: "VALIDATION_ERROR",
      status: 400,
      details: { issues: [{ path: "/amounts/MaxOrderTimes" }] },
      requestId: expect.stringMatching(/^[\w-]{8,}$/),
    });
    await expect(client.release(user, randomUUID())).rejects.toMatchObject({ code: "RESERVATION_NOT_FOUND" });
    const withoutAccess = createMeteringClient({
      ...limits,
      baseUrl: server.url,
      token: "eom_unknown",
      whenUnreachable: "failOpen",
    });
    await expect(withoutAccess.usage(user)).rejects.toMatchObject({ code: "UNAUTHENTICATED", status: 401 });
  });
});
