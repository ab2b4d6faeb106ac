import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createApp } from "../../../src/platform/http/app.ts";
import { noRateLimit } from "../../../src/platform/http/rate-limit.ts";
import { defineRoute } from "../../../src/platform/http/route.ts";
import { createLogger } from "../../../src/platform/log.ts";
import { createMetrics } from "../../../src/platform/metrics/metrics.ts";
import { roleSchema } from "../../../src/platform/resource/caller.ts";
import { z } from "../../../src/platform/resource/schema.ts";
import { storages } from "../../contract/described.ts";
import { createTestApp, type TestApp } from "../../support/http/app.ts";
import { patience } from "../../support/time-limits.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp("postgres");
});
afterAll(() => app.close());

const missing = `${storages}/nowhere`;

describe("X-Request-Id", () => {
  test.each(["a", "01a209ba-d02e-741b-a63b-6063454757eb", "A.b_c-9", "x".repeat(128)])(
    "is kept if it can be part of a log line: %s",
    async (id) => {
      for (const path of ["/openapi.json", missing]) {
        const answer = await app.request("GET", path, undefined, { headers: { "x-request-id": id } });
        expect(answer.headers.get("x-request-id")).toBe(id);
      }
    },
  );

  test.each(["", "with blank", "a,b", "ä", '"quoted"', "<script>", "x".repeat(129)])(
    "is replaced if it cannot: '%s'",
    async (id) => {
      const answer = await app.request("GET", missing, undefined, { headers: { "x-request-id": encodeLatin1(id) } });
      expect(answer.headers.get("x-request-id")).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/,
      );
    },
  );

  test("is in the log line of its request, and new for each request", async () => {
    const [first, second] = [await app.request("GET", missing), await app.request("GET", missing)];
    const ids = [first, second].map(({ headers }) => headers.get("x-request-id"));
    expect(new Set(ids).size).toBe(2);
    // A function's lines come through a pipe.
    await vi.waitFor(() => {
      for (const id of ids) expect(app.log.some((line) => line.includes(`"request_id":"${id}"`))).toBe(true);
    }, patience);
  });
});

describe("x_user", () => {
  const userOf = async (headers: Record<string, string>, role: "admin" | null = "admin") =>
    (await app.request("GET", missing, undefined, { headers, role })).body.x_user;

  test("is the first of X-Fission-Params-UserId, X-User-Id, X-Forwarded-User, X-Auth-Request-User, then the subject", async () => {
    const all = { "x-user-id": "one", "x-forwarded-user": "two", "x-auth-request-user": "three" };
    expect(await userOf({ ...all, "X-Fission-Params-UserId": "zero" })).toBe("zero");
    expect(await userOf({ ...all, "X-Fission-Params-UserId": "a\tb" })).toBe("one");
    expect(await userOf(all)).toBe("one");
    expect(await userOf({ ...all, "x-user-id": "" })).toBe("two");
    expect(await userOf({ "x-auth-request-user": "three" })).toBe("three");
    expect(await userOf({})).toBe("admin");
  });

  test("is null for callers without authentication, whatever their headers", async () => {
    for (const name of ["x-user-id", "x-fission-params-userid"])
      expect(await userOf({ [name]: "eve" }, null)).toBeNull();
    expect(await userOf({ "x-user-id": "eve", authorization: "Bearer wrong" }, null)).toBeNull();
  });

  test.each([
    ["too long", "x".repeat(256)],
    ["unprintable", "a\tb"],
    ["a soft hyphen", "a\xadb"],
  ])("ignores a header that is %s", async (_what, value) => {
    expect(await userOf({ "x-user-id": value, "x-forwarded-user": "two" })).toBe("two");
  });

  test("accepts 255 characters", async () => {
    expect(await userOf({ "x-user-id": "x".repeat(255) })).toBe("x".repeat(255));
  });

  test("is always printable, because the label of a token must be", async () => {
    for (const label of ["a\nb", "a\u200bb", "\u0007"]) {
      const answer = await app.request("POST", "/eom/admin/tokens", { label, role: "viewer" });
      expect(answer, JSON.stringify(label)).toMatchObject({
        status: 400,
        body: { details: { issues: [{ path: "/label" }] } },
      });
    }
  });

  test("is in fields of its own in the log and the trail, and gives no right", async () => {
    const answer = await app.request(
      "POST",
      `${storages}?verify=false`,
      {},
      { role: "viewer", headers: { "x-user-id": "admin" } },
    );
    expect(answer).toMatchObject({ status: 403, body: { x_user: "admin", details: { required_role: "admin" } } });
  });
});

describe("x_user of a path with {UserId}", () => {
  const none = z.strictObject({});
  const route = defineRoute(
    {
      method: "GET",
      path: "/users/{UserId}",
      operationId: "fails",
      tag: "system",
      summary: "Fails",
      role: "admin",
      params: z.object({ UserId: z.string() }),
      query: none,
      answers: {},
      failures: [],
    },
    () => {
      throw new Error("always");
    },
  );
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const users = createApp({
      cursorKey: new Uint8Array(32),
      rateLimit: noRateLimit,
      routes: [route],
      authenticator: {
        authenticate: async (given) => {
          const role = given.get("x-test-role");
          return role === null
            ? null
            : { subject: "ada", principal: "ada", role: roleSchema.parse(role), authentication: "token" };
        },
      },
      db: app.database.db,
      log: createLogger({ level: "silent", format: "json" }),
      metrics: createMetrics(),
    });
    return (await (await users.request(path, { headers })).json()) as { error_code: string; x_user: string | null };
  };

  test("is that user, before any header, for every failure, with and without authentication", async () => {
    const headers = { "x-test-role": "admin", "x-user-id": "eve", "x-fission-params-userid": "eve" };
    expect(await ask("/users/u%201", headers)).toMatchObject({ error_code: "INTERNAL_ERROR", x_user: "u 1" });
    expect(await ask("/users/u1", { "x-test-role": "viewer" })).toMatchObject({
      error_code: "FORBIDDEN",
      x_user: "u1",
    });
    expect(await ask("/users/u1")).toMatchObject({ error_code: "UNAUTHENTICATED", x_user: "u1" });
  });

  test("is ignored if it is unprintable or too long", async () => {
    for (const user of ["a%00b", "a%0Ab", "x".repeat(256)])
      expect((await ask(`/users/${user}`, { "x-test-role": "admin" })).x_user).toBe("ada");
  });
});

/** A header is bytes: a character beyond Latin-1 cannot be sent at all. */
function encodeLatin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
