import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import * as client from "../../clients/typescript/src/client.ts";
import { type FailureCode, failures, listStatuses } from "../../src/platform/failure.ts";
import { createClient, patient } from "./eom.ts";
import { createServerStarter, type LoopbackServer, refuse, reset, say } from "./servers.ts";

const token = "eom_secret-of-a-script";

const start = createServerStarter();

const me = say(200, '{"subject": "s", "role": "admin", "authentication": "token", "on_behalf_of": null}');

async function findError(server: LoopbackServer, options = {}): Promise<client.EomError> {
  return createClient(server.url, token, { attempts: 2, ...options })
    .me()
    .then(
      () => Promise.reject(new Error("the call did not fail")),
      (error: unknown) => error as client.EomError,
    );
}

describe("an error", () => {
  test("has a class of its own kind for every code of the table", async () => {
    const classes: Record<string, string> = {};
    for (const code of Object.keys(failures) as FailureCode[]) {
      for (const status of listStatuses(code)) {
        const error = await findError(await start(refuse(status, code)));
        expect(error).toBeInstanceOf(client.EomError);
        expect(error).toMatchObject({ code, status, name: error.constructor.name });
        expect(classes[code] ?? error.name).toBe(error.name);
        classes[code] = error.name;
      }
    }
    expect(Object.values(classes)).not.toContain("EomError");
    expect(classes).toMatchObject({
      VALIDATION_ERROR: "ValidationError",
      CRON_PARSE_ERROR: "CronParseError",
      UNAUTHENTICATED: "UnauthenticatedError",
      FORBIDDEN: "ForbiddenError",
      STORAGE_NOT_FOUND: "NotFoundError",
      STORAGE_NAME_CONFLICT: "ConflictError",
      USER_QUOTA_CONFLICT: "UserQuotaConflictError",
      IDEMPOTENCY_KEY_REUSED: "IdempotencyError",
      PRECONDITION_FAILED: "PreconditionFailedError",
      QUOTA_EXCEEDED: "QuotaExceededError",
      RATE_LIMITED: "RateLimitedError",
      S3_CONNECTION_FAILED: "S3ConnectionError",
      DAGSTER_ERROR: "DagsterError",
      DATABASE_UNAVAILABLE: "UnavailableError",
      REQUEST_TIMEOUT: "RequestTimeoutError",
      INTERNAL_ERROR: "ServerError",
    });
  });

  test("of a code that this client does not know has the class of its status", async () => {
    const error = await findError(
      await start(refuse(409, "PLANET_CONFLICT", { "retry-after": "7" }, { planet: "mars" })),
    );
    expect(error).toBeInstanceOf(client.ConflictError);
    expect(error).toMatchObject({ code: "PLANET_CONFLICT", details: { planet: "mars" }, retryAfterSeconds: 7 });
    expect(await findError(await start(refuse(418, "TEAPOT")))).toMatchObject({ name: "EomError", code: "TEAPOT" });
  });

  test("of another server is InvalidAnswerError, and of a gateway UnavailableError", async () => {
    expect(await findError(await start(say(200, "<html>")))).toBeInstanceOf(client.InvalidAnswerError);
    expect(await findError(await start(say(200, "[1]")))).toBeInstanceOf(client.InvalidAnswerError);
    expect(await findError(await start(say(302, "", { location: "/login" })))).toBeInstanceOf(
      client.InvalidAnswerError,
    );
    expect(await findError(await start(say(502, "<html>")))).toMatchObject({
      name: "UnavailableError",
      code: "GATEWAY_ERROR",
      status: 502,
    });
  });

  test("without an answer is EomUnreachableError, an EomError too", async () => {
    const error = await findError(await start(reset));
    expect(error).toBeInstanceOf(client.EomUnreachableError);
    expect(error).toBeInstanceOf(client.EomError);
    expect(error).toMatchObject({ code: "UNREACHABLE", reason: "no_connection", attempts: 2, status: null });
  });

  test("never contains the token, and neither does the client", async () => {
    const echoed = { authorization: `Bearer ${token}` };
    const answers = [reset, say(200, token), refuse(400, "VALIDATION_ERROR", { "x-request-id": token }, echoed)];
    for (const answer of [...answers, refuse(503, token), say(500, token)]) {
      const error = await findError(await start(answer));
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(token);
      expect(JSON.stringify(error)).not.toContain(token);
    }
    const eom = createClient("http://eom.test", token);
    expect(inspect(eom, { depth: 10, showHidden: true })).not.toContain(token);
    expect(JSON.stringify(eom)).not.toContain(token);
  });
});

describe("a call", () => {
  test.each([
    ["resets the connection", reset],
    ["answers 429", refuse(429, "RATE_LIMITED")],
    ["answers 502 of Dagster", refuse(502, "DAGSTER_ERROR", {}, { reason: "timeout" })],
    ["answers 502 of a gateway", say(502, "<html>")],
    ["answers 503", refuse(503, "DATABASE_UNAVAILABLE")],
    ["answers 504", say(504, "")],
    ["answers half of its JSON", say(200, '{"subject": "s')],
  ])("is made again when EOM %s", async (_, answer) => {
    const server = await start(answer, me);
    expect(await createClient(server.url, token).me()).toMatchObject({ subject: "s" });
    expect(server.asked).toHaveLength(2);
  });

  test("is not made again when EOM has a verdict: of the caller, of the quota, of the storage", async () => {
    for (const [status, code] of [
      [400, "VALIDATION_ERROR"],
      [429, "QUOTA_EXCEEDED"],
      [502, "S3_CONNECTION_FAILED"],
      [500, "INTERNAL_ERROR"],
    ] as const) {
      const server = await start(refuse(status, code, {}, { violations: [] }));
      expect(await findError(server)).toMatchObject({ code });
      expect(server.asked).toHaveLength(1);
    }
  });

  test("has the token that the function returns at that moment", async () => {
    const tokens = ["first", "second"];
    const server = await start((response, request) => {
      const subject = request.headers.authorization;
      response.writeHead(200).end(JSON.stringify({ subject }));
    });
    const eom = client.createEomClient({ ...patient, baseUrl: server.url, token: async () => tokens.shift() ?? "" });
    expect([(await eom.me()).subject, (await eom.me()).subject]).toEqual(["Bearer first", "Bearer second"]);
    await expect(eom.me()).rejects.toBeInstanceOf(TypeError);
  });

  test("ends by its own time limits, and by its signal", async () => {
    const server = await start(() => {});
    const eom = createClient(server.url, token);
    const limits = { timeoutMilliseconds: 20, deadlineMilliseconds: 60 };
    await expect(eom.me(limits)).rejects.toMatchObject({ reason: "timeout" });
    await expect(eom.me({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("the circuit breaker", () => {
  const circuitBreaker = { failures: 2, openMilliseconds: 2 ** 30 };

  test("opens after failures in a row: calls end without a request", async () => {
    const server = await start(reset);
    const eom = createClient(server.url, token, { attempts: 1, circuitBreaker });
    for (const _ of [1, 2]) await expect(eom.me()).rejects.toMatchObject({ reason: "no_connection" });
    await expect(eom.me()).rejects.toMatchObject({ reason: "circuit_open", attempts: 0 });
    expect(server.asked).toHaveLength(2);
  });

  test("stays closed while EOM answers, even with errors, and while calls are aborted", async () => {
    const server = await start(reset, refuse(404, "QUOTA_NOT_FOUND"), reset, refuse(429, "RATE_LIMITED"), reset, me);
    const eom = createClient(server.url, token, { attempts: 1, circuitBreaker });
    for (const _ of [1, 2, 3, 4, 5]) await expect(eom.me()).rejects.toBeInstanceOf(client.EomError);
    await expect(eom.me({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    expect(await eom.me()).toMatchObject({ subject: "s" });
  });

  test("is off unless it is asked for", async () => {
    const server = await start(reset);
    const eom = createClient(server.url, token, { attempts: 1 });
    for (const _ of Array.from({ length: 8 })) await expect(eom.me()).rejects.toMatchObject({ attempts: 1 });
    expect(server.asked).toHaveLength(8);
  });
});
