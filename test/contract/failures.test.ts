import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { failures } from "../../src/platform/failure.ts";
import { createTestApp, isThroughFunctions, type TestApp, type Told } from "../support/http/app.ts";
import { type Provoked, type ProvokedCode, provocations } from "./provocations.ts";

// What no function serves, Fission's router refuses.
const codes = (Object.keys(provocations) as ProvokedCode[]).filter(
  (code) => !(isThroughFunctions && code === "ROUTE_NOT_FOUND"),
);

let app: TestApp;
const undone: (() => Promise<void>)[] = [];
beforeAll(async () => {
  app = await createTestApp("postgres");
  // Before a function's first request, the environment answers by itself what it cannot parse.
  await app.request("GET", "/eom/admin/storages");
});
afterAll(async () => {
  for (const undo of undone.reverse()) await undo();
  await app.close();
});

describe.each(codes)("%s", (code) => {
  const { status, title, details } = failures[code];
  let provoked: Provoked;
  beforeAll(async () => {
    provoked = await provocations[code]({ app, cleanUp: (undo) => undone.push(undo) });
  });

  const provoke = (headers: Record<string, string>): Promise<Told> => {
    const { request, method, path, body, options } = provoked;
    return request(method, path, body, { ...options, headers: { ...options?.headers, ...headers } });
  };

  test("leaves the app as the contract has it: five fields, status, headers, details", async () => {
    const told = await provoke({ "x-request-id": "contract-1" });
    expect(told.body).toMatchObject({ error_code: code, http_status: status });
    expect(Object.keys(told.body)).toEqual(["error_code", "http_status", "error_msg", "x_user", "details"]);
    expect(told.body.error_msg).toMatch(/\S/);
    expect(told.body.x_user).toBe(toExpectedUser(code, provoked.path));
    expectDetails(told.body.details, details);
    expect(told.status).toBe(status);
    expect(told.headers.get("content-type")).toBe("application/json");
    expectHeaders(told, code);
  });

  test("is told as RFC 9457 to those who ask for it", async () => {
    const told = await provoke({ "x-request-id": "contract-1", accept: "application/problem+json" });
    expect(told.status).toBe(status);
    expect(told.headers.get("content-type")).toBe("application/problem+json");
    const { detail, details: found, ...rest } = told.body;
    expect(rest).toEqual({
      type: `/docs/errors#${code.toLowerCase()}`,
      title,
      status,
      instance: provoked.path.split("?")[0],
      error_code: code,
      x_user: toExpectedUser(code, provoked.path),
    });
    expect(detail).toMatch(/\S/);
    expectDetails(found, details);
    expectHeaders(told, code);
  });
});

test("no failure tells its cause", async () => {
  const { request, method, path } = await provocations.INTERNAL_ERROR({ app, cleanUp: () => {} });
  const told = await request(method, path);
  expect(JSON.stringify([told.body, [...told.headers]])).not.toMatch(/hunter2|TypeError|the cause/);
});

/** Whom the path is about, else who asks. */
function toExpectedUser(code: ProvokedCode, path: string): string | null {
  const pathUser = /\/users\/([^/?]+)/.exec(path)?.[1];
  if (pathUser !== undefined) return decodeURIComponent(pathUser);
  if (code === "UNAUTHENTICATED" || code === "IDENTITY_PROVIDER_UNAVAILABLE") return null;
  return code === "FORBIDDEN" ? "viewer" : "admin";
}

function expectDetails(found: unknown, schema: z.ZodType): void {
  if (schema instanceof z.ZodObject) expect(schema.strict().safeParse(found).error).toBeUndefined();
  else expect(found).toBeNull();
}

/** Every failure has its request id and is not to be cached; some have one header more. */
function expectHeaders({ headers }: Told, code: ProvokedCode): void {
  const { retryAfterSeconds } = { retryAfterSeconds: null, ...failures[code] };
  expect(headers.get("x-request-id")).toBe("contract-1");
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("retry-after")).toBe(retryAfterSeconds === null ? null : String(retryAfterSeconds));
  expect(headers.get("allow")).toBe(code === "METHOD_NOT_ALLOWED" ? "GET, HEAD, POST" : null);
  expect(headers.get("www-authenticate")).toBe(code === "UNAUTHENTICATED" ? 'Bearer realm="eom"' : null);
}
