import { describe, expect, test } from "vitest";
import { fail } from "../../../src/platform/failure.ts";
import { limitGuesses } from "../../../src/platform/http/guess-limit.ts";
import { createRateLimit } from "../../../src/platform/http/rate-limit.ts";
import { createTokenBuckets } from "../../../src/platform/http/token-buckets.ts";
import type { Authenticator, Caller, Peer, Role } from "../../../src/platform/resource/caller.ts";
import { createTestApp } from "../../support/http/app.ts";

const ada = { subject: "ada", principal: "token 1", role: "admin", authentication: "token" } as const;
const toCaller = (principal: string): Caller => ({ ...ada, principal, onBehalfOf: null });

function createClock() {
  let at = 0;
  return {
    now: () => at,
    pass(seconds: number) {
      at += seconds * 1000;
    },
  };
}

describe("a caller that asks too often", () => {
  test("is refused with the time to wait, and delays no other caller", () => {
    const clock = createClock();
    const limit = createRateLimit(2, clock.now);
    const headers: Record<string, string> = {};
    for (let request = 0; request < 20; request += 1) limit.count(toCaller("one"), "viewer", headers);
    expect(headers).toEqual({ "ratelimit-policy": '"caller";q=20;w=10', ratelimit: '"caller";r=0;t=10' });
    expect(() => limit.count(toCaller("one"), "viewer", headers)).toThrow(
      expect.objectContaining({ code: "RATE_LIMITED", retryAfterSeconds: 1 }),
    );
    limit.count(toCaller("other"), "viewer", {});
    clock.pass(0.5);
    limit.count(toCaller("one"), "viewer", headers);
    expect(() => limit.count(toCaller("one"), "viewer", headers)).toThrow(/try again/);
  });

  test("may meter without limit: admissions have a bound of their own", () => {
    const limit = createRateLimit(1, () => 0);
    const response = {};
    for (let request = 0; request < 1000; request += 1) limit.count(toCaller("orders"), "meter", response);
    expect(response).toEqual({});
  });
});

test("EOM_RATE_LIMIT limits each caller of the app, and every answer has the limit", async () => {
  const app = await createTestApp("postgres", { EOM_RATE_LIMIT: "1" });
  const ask = (role: Role) => app.request("GET", "/eom/admin/me", undefined, { role });
  const response = await Promise.all(Array.from({ length: 40 }, () => ask("viewer")));
  const refused = response.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(response.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(10);
  expect(refused[0]?.body).toMatchObject({ error_code: "RATE_LIMITED" });
  expect(refused[0]?.headers.get("retry-after")).toMatch(/^[1-9]/);
  expect(response[0]?.headers.get("ratelimit-policy")).toBe('"caller";q=10;w=10');
  expect((await ask("operator")).status).toBe(200);
  await app.close();
});

describe("a client that guesses tokens", () => {
  const right = new Headers({ authorization: "Bearer right" });
  const wrong = new Headers({ authorization: "Bearer wrong" });
  const real: Authenticator = {
    async authenticate(headers) {
      const credential = headers.get("authorization");
      if (credential === null) return null;
      if (credential === "Bearer right") return ada;
      throw fail("UNAUTHENTICATED", "no", null);
    },
  };
  const at = (address: string): Peer => ({ address, isRepeated: () => false });

  async function guess(limited: Authenticator, times: number, address: string): Promise<string[]> {
    const codes: string[] = [];
    for (let turn = 0; turn < times; turn += 1)
      codes.push(
        await limited.authenticate(wrong, at(address)).then(
          () => "in",
          ({ code }) => code,
        ),
      );
    return codes;
  }

  test("is answered with RATE_LIMITED after the limit of refusals, until time has passed", async () => {
    const clock = createClock();
    const limited = limitGuesses(real, 6, clock.now);
    expect(await guess(limited, 8, "10.0.0.7")).toEqual([
      ...Array(6).fill("UNAUTHENTICATED"),
      "RATE_LIMITED",
      "RATE_LIMITED",
    ]);
    expect(await guess(limited, 1, "10.0.0.8")).toEqual(["UNAUTHENTICATED"]);
    clock.pass(10);
    expect(await guess(limited, 2, "10.0.0.7")).toEqual(["UNAUTHENTICATED", "RATE_LIMITED"]);
  });

  test("shuts out nobody of its address: valid credentials pass and count nothing, and so do requests without one", async () => {
    const limited = limitGuesses(real, 6, () => 0);
    for (let turn = 0; turn < 10; turn += 1) {
      expect(await limited.authenticate(right, at("10.0.0.7"))).toEqual(ada);
      expect(await limited.authenticate(new Headers(), at("10.0.0.7"))).toBeNull();
    }
    expect(await guess(limited, 7, "10.0.0.7")).toEqual([...Array(6).fill("UNAUTHENTICATED"), "RATE_LIMITED"]);
    expect(await limited.authenticate(right, at("10.0.0.7"))).toEqual(ada);
    expect(await limited.authenticate(new Headers(), at("10.0.0.7"))).toBeNull();
  });

  test.each([
    ["::ffff:10.0.0.7", "10.0.0.7"],
    ["2001:db8::1", "2001:db8::ffff:2"],
  ])("is one client, as %s and as %s", async (address, other) => {
    const limited = limitGuesses(real, 6, () => 0);
    await guess(limited, 6, address);
    expect(await guess(limited, 1, other)).toEqual(["RATE_LIMITED"]);
  });

  test("is not limited without a limit, or without an address", async () => {
    expect(limitGuesses(real, 0, () => 0)).toBe(real);
    const limited = limitGuesses(real, 1, () => 0);
    for (let turn = 0; turn < 3; turn += 1)
      await expect(limited.authenticate(wrong, null)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("shuts out no new client behind the same proxy, also one that EOM sees for the first time", async () => {
    const app = await createTestApp("embedded");
    const env = { incoming: { socket: { remoteAddress: "10.0.0.1" } } };
    const ask = (token: string) =>
      app.program.app.request("/eom/admin/me", { headers: { authorization: `Bearer ${token}` } }, env);
    const statuses = new Set<number>();
    for (let turn = 0; turn < 70; turn += 1) statuses.add((await ask(`eom_wrong-${turn}`)).status);
    expect([...statuses]).toEqual([401, 429]);
    expect((await ask(app.tokens.viewer)).status).toBe(200);
    await app.close();
  });
});

test("buckets are bounded, however many keys there are", () => {
  const buckets = createTokenBuckets({ perSecond: 1, capacity: 2, maxKeys: 100, monotonic: () => 0 });
  buckets.take("kept");
  for (let key = 0; key < 150; key += 1) {
    buckets.take(String(key));
    buckets.take("kept");
  }
  expect(buckets.take("kept").taken).toBe(false);
  // Forgotten, so it is full again.
  for (let key = 0; key < 250; key += 1) buckets.take(`other ${key}`);
  expect(buckets.take("kept").left).toBe(1);
});
