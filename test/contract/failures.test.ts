import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { failures } from "../../src/platform/failure.ts";
import { type Answer, createTestApp, isThroughFunctions, type TestApp } from "../support/http/app.ts";
import { type Provoked, type ProvokedCode, provocations } from "./provocations.ts";

// Through functions, Fission's router answers for paths that no function serves.
const codes = (Object.keys(provocations) as ProvokedCode[]).filter(
  (code) => !(isThroughFunctions && code === "ROUTE_NOT_FOUND"),
);

let app: TestApp;
const undone: (() => Promise<void>)[] = [];
beforeAll(async () => {
  app = await createTestApp("postgres");
  // The first request of a function: until then the environment itself answers bodies that it cannot parse.
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
    provoked = await provocations[code]({ app, onEnd: (undo) => undone.push(undo) });
  });

  const provoke = (headers: Record<string, string>): Promise<Answer> => {
    const { request, method, path, body, options } = provoked;
    return request(method, path, body, { ...options, headers: { ...options?.headers, ...headers } });
  };

  test("has the contract's five fields, status, headers and details", async () => {
    const answer = await provoke({ "x-request-id": "contract-1" });
    expect(answer.body).toMatchObject({ error_code: code, http_status: status });
    expect(Object.keys(answer.body)).toEqual(["error_code", "http_status", "error_msg", "x_user", "details"]);
    expect(answer.body.error_msg).toMatch(/\S/);
    expect(answer.body.x_user).toBe(toExpectedUser(code, provoked.path));
    expectDetails(answer.body.details, details);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expectHeaders(answer, code);
  });

  test("is an RFC 9457 problem when the request accepts that", async () => {
    const answer = await provoke({ "x-request-id": "contract-1", accept: "application/problem+json" });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    const { detail, details: problemDetails, ...rest } = answer.body;
    expect(rest).toEqual({
      type: `/docs/errors#${code.toLowerCase()}`,
      title,
      status,
      instance: provoked.path.split("?")[0],
      error_code: code,
      x_user: toExpectedUser(code, provoked.path),
    });
    expect(detail).toMatch(/\S/);
    expectDetails(problemDetails, details);
    expectHeaders(answer, code);
  });
});

test("an answer never contains the failure's cause", async () => {
  const { request, method, path } = await provocations.INTERNAL_ERROR({ app, onEnd: () => {} });
  const answer = await request(method, path);
  expect(JSON.stringify([answer.body, [...answer.headers]])).not.toMatch(/hunter2|TypeError|the cause/);
});

/** The user in the path, else the caller. */
function toExpectedUser(code: ProvokedCode, path: string): string | null {
  const pathUser = /\/users\/([^/?]+)/.exec(path)?.[1];
  if (pathUser !== undefined) return decodeURIComponent(pathUser);
  if (code === "UNAUTHENTICATED" || code === "IDENTITY_PROVIDER_UNAVAILABLE") return null;
  return code === "FORBIDDEN" ? "viewer" : "admin";
}

function expectDetails(actual: unknown, schema: z.ZodType): void {
  if (schema instanceof z.ZodObject) expect(schema.strict().safeParse(actual).error).toBeUndefined();
  else expect(actual).toBeNull();
}

/** Every failure has its request id and must not be cached; some codes have one more header. */
function expectHeaders({ headers }: Answer, code: ProvokedCode): void {
  const { retryAfterSeconds } = { retryAfterSeconds: null, ...failures[code] };
  expect(headers.get("x-request-id")).toBe("contract-1");
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("retry-after")).toBe(retryAfterSeconds === null ? null : String(retryAfterSeconds));
  expect(headers.get("allow")).toBe(code === "METHOD_NOT_ALLOWED" ? "GET, HEAD, POST" : null);
  expect(headers.get("www-authenticate")).toBe(code === "UNAUTHENTICATED" ? 'Bearer realm="eom"' : null);
}
