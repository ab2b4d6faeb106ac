import type { IncomingMessage } from "node:http";
import { type Context, Hono } from "hono";
import type { Database } from "../database/tables.ts";
import { type Failure, fail, invalid, toStatus } from "../failure.ts";
import { createId } from "../id.ts";
import { parseIdempotencyKey, toKeyedRequest } from "../idempotency/answers.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { type Authenticator, type Caller, isAllowed, type RequiredRole } from "../resource/caller.ts";
import { createCursors } from "../resource/cursors.ts";
import { isUnchanged, parseIfMatch, toEntityTag } from "../resource/entity-tag.ts";
import { toErrorResponse, toFailure } from "./error-body.ts";
import { keepNothing, runOnce } from "./idempotency.ts";
import { parseInput } from "./input.ts";
import { findIncoming, findPeer } from "./peer.ts";
import type { RateLimit } from "./rate-limit.ts";
import { findOnBehalfOf, findRequestId, toXUser } from "./request-context.ts";
import type { Answer, Route, RouteInput } from "./route.ts";
import { securityHeaders } from "./security-headers.ts";
import { toStaticResponse } from "./static-file.ts";
import { requirePlainPath } from "./target.ts";
import { toRefusal } from "./unparsed.ts";

interface AppNeeds {
  readonly routes: readonly Route[];
  readonly authenticator: Authenticator;
  readonly db: Database;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly rateLimit: RateLimit;
  /** Signs the cursors of lists; the same in all processes of a deployment. */
  readonly cursorKey: Uint8Array;
}

interface AppParts extends AppNeeds {
  /** For this file's own lines, which have no secrets: without the redaction, which takes ten times as long as the line. */
  readonly requestLog: Logger;
}

/** A request on its way through the app; `caller` is filled in once it is known. */
interface Passage {
  readonly request: Request;
  readonly incoming: IncomingMessage | null;
  readonly url: URL;
  /** The URL's path for answers and the log, with tokens redacted: people paste a token where its id belongs. */
  readonly path: string;
  readonly requestId: string;
  readonly startedAt: number;
  readonly route: string;
  readonly pathUser: string | null;
  /** Headers that the answer has, whether it succeeds or fails. */
  readonly headers: Record<string, string>;
  caller: Caller | null;
}

/** A token of EOM, whole or cut off. */
const tokenPattern = /eom_[\w-]{20,}/g;

/** The web-standard app: the same for Node, for functions and for tests. Every failure leaves it as toErrorResponse has it. */
export function createApp(needs: AppNeeds): Hono {
  const parts: AppParts = { ...needs, requestLog: needs.log.child({}, { redact: [] }) };
  const app = new Hono();
  const mount = (route: Route) =>
    app.on(route.spec.method, toHonoPath(route.spec.path), (c) =>
      pass(parts, c, route.spec.path, (passage) => serve(parts, route, passage, c)),
    );
  const refuse = (c: Context) => pass(parts, c, "none", (passage) => refuseRoute(parts, passage));
  const [exact, templates] = partition(needs.routes, isExact);
  exact.forEach(mount);
  // Before the templates, which would take the last step of these paths for an id.
  for (const { spec } of exact) app.all(spec.path, refuse);
  templates.forEach(mount);
  app.notFound(refuse);
  app.onError((error) => {
    needs.log.error({ err: error }, "a request failed before its route was called");
    return toRefusal(error);
  });
  return app;
}

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

/** A path without parameters is matched before paths with them (OpenAPI 3.1, Paths Object). */
function isExact({ spec }: Route): boolean {
  return !spec.path.includes("{");
}

async function pass(
  needs: AppParts,
  c: Context,
  route: string,
  answer: (passage: Passage) => Promise<Response>,
): Promise<Response> {
  const request = c.req.raw;
  const incoming = findIncoming(c);
  const url = new URL(request.url);
  const passage: Passage = {
    request,
    incoming,
    url,
    path: url.pathname.replace(tokenPattern, "eom_[redacted]"),
    requestId: findRequestId(request.headers) ?? createId(),
    startedAt: performance.now(),
    route,
    pathUser: c.req.param("UserId") ?? null,
    headers: {},
    caller: null,
  };
  try {
    // Not of `request`, whose path a URL parser has changed already.
    if (incoming?.url !== undefined) requirePlainPath(incoming.url);
    const response = await answer(passage);
    record(needs, passage, response.status, null);
    return response;
  } catch (error) {
    const failure = toFailure(error);
    record(needs, passage, toStatus(failure).status, failure);
    return toErrorResponse(failure, {
      requestId: passage.requestId,
      xUser: toXUser(passage.pathUser, passage.caller),
      path: passage.path,
      accept: request.headers.get("accept"),
      headers:
        failure.code === "METHOD_NOT_ALLOWED"
          ? { ...passage.headers, allow: listMethods(needs.routes, passage.url.pathname).join(", ") }
          : passage.headers,
    });
  }
}

async function serve(needs: AppParts, route: Route, passage: Passage, c: Context): Promise<Response> {
  const { spec } = route;
  passage.caller = await identify(needs.authenticator, passage, spec.role);
  if (passage.caller !== null) {
    needs.rateLimit.count(passage.caller, spec.role, passage.headers);
    requireRole(passage.caller, spec.role);
  }
  const parsed = await parseInput(spec, { ...passage, params: c.req.param() });
  const { headers } = passage.request;
  const input = {
    ...parsed,
    caller: passage.caller,
    requestId: passage.requestId,
    ifMatch: spec.versioned === true ? parseIfMatch(headers.get("if-match")) : null,
    keepAnswer: keepNothing,
    keyed: null,
    url: passage.url,
    cursors: createCursors(needs.cursorKey, [spec.path, parsed.params]),
    // Made on demand: few handlers use it.
    get signal() {
      return passage.request.signal;
    },
  } as RouteInput<never, never, never>;
  const key = spec.idempotent === undefined ? null : parseIdempotencyKey(headers.get("idempotency-key"));
  if (key === null) {
    if (spec.idempotent === "by_handler") throw invalid("/Idempotency-Key", "is required as a header", "required");
    return toResponse(await route.handle(input), passage);
  }
  const request = {
    principal: passage.caller?.principal ?? "",
    method: spec.method,
    path: spec.path,
    params: parsed.params,
    input: { query: parsed.query, body: parsed.body },
  };
  if (spec.idempotent === "by_handler") {
    return toResponse(await route.handle({ ...input, keyed: toKeyedRequest(key, request) }), passage);
  }
  const run = async (keepAnswer: typeof keepNothing) => route.handle({ ...input, keepAnswer });
  return toResponse(await runOnce({ db: needs.db, key, request, run }), passage);
}

/** @throws UNAUTHENTICATED when the request has no credential; what the authenticator throws */
async function identify(
  authenticator: Authenticator,
  { request: { headers }, incoming }: Passage,
  required: RequiredRole,
): Promise<Caller | null> {
  if (required === "public") return null;
  const identity = await authenticator.authenticate(headers, findPeer(incoming));
  if (identity === null)
    throw fail("UNAUTHENTICATED", "Authentication is needed: send Authorization: Bearer <token>", null);
  return { ...identity, onBehalfOf: findOnBehalfOf(headers) };
}

/** @throws FORBIDDEN */
function requireRole(caller: Caller, required: RequiredRole): void {
  if (required === "public" || isAllowed(caller.role, required)) return;
  throw fail("FORBIDDEN", `This needs the role ${required}; ${caller.subject} has the role ${caller.role}`, {
    required_role: required,
  });
}

function toResponse(answer: Answer, passage: Passage): Response {
  // A plain object, which Node's adapter sends as it is; it would copy a Headers object.
  const headers: Record<string, string> = {
    ...securityHeaders,
    "cache-control": "no-store",
    ...passage.headers,
    ...answer.headers,
    "x-request-id": passage.requestId,
  };
  if (answer.file !== undefined) return toStaticResponse(answer.file, passage.request.headers, headers);
  if (answer.version !== undefined) {
    const tag = toEntityTag(answer.version);
    headers["etag"] = tag;
    headers["cache-control"] = "private, no-cache";
    const isRead = passage.request.method === "GET" || passage.request.method === "HEAD";
    if (isRead && isUnchanged(tag, passage.request.headers.get("if-none-match")))
      return new Response(null, { status: 304, headers });
  }
  if (answer.text !== undefined) {
    headers["content-type"] = answer.text.type;
    return new Response(answer.text.content, { status: answer.status, headers });
  }
  if (answer.body === undefined) return new Response(null, { status: answer.status, headers });
  headers["content-type"] = "application/json";
  return new Response(JSON.stringify(answer.body), { status: answer.status, headers });
}

/** @throws ROUTE_NOT_FOUND, METHOD_NOT_ALLOWED or RATE_LIMITED, always */
async function refuseRoute(needs: AppParts, passage: Passage): Promise<never> {
  const { pathname } = passage.url;
  passage.caller = await identify(needs.authenticator, passage, "any").catch(() => null);
  if (passage.caller !== null) needs.rateLimit.count(passage.caller, "any", passage.headers);
  const methods = listMethods(needs.routes, pathname);
  if (methods.length === 0)
    throw fail(
      "ROUTE_NOT_FOUND",
      `There is no route ${passage.path.slice(0, 200)}; /openapi.json lists the routes`,
      null,
    );
  throw fail("METHOD_NOT_ALLOWED", `${passage.request.method} is not allowed here, only ${methods.join(", ")}`, null);
}

function listMethods(routes: readonly Route[], path: string): string[] {
  const matches = routes.filter(({ spec }) => toPattern(spec.path).test(path));
  const exact = matches.filter(isExact);
  const methods = new Set<string>();
  for (const { spec } of exact.length > 0 ? exact : matches) {
    methods.add(spec.method);
    if (spec.method === "GET") methods.add("HEAD");
  }
  return [...methods];
}

function toPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/]+")}$`);
}

function toHonoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ":$1");
}

/** Writes one line and one measurement a request. An unexpected error is logged whole. */
function record(needs: AppParts, passage: Passage, status: number, failure: Failure | null): void {
  const seconds = (performance.now() - passage.startedAt) / 1000;
  const { method } = passage.request;
  needs.metrics.requestDuration.observe({ method: toMethodLabel(method), route: passage.route, status }, seconds);
  const line = {
    request_id: passage.requestId,
    method,
    path: passage.path,
    status,
    duration_ms: Math.round(seconds * 1e6) / 1e3,
    subject: passage.caller?.subject,
  };
  if (failure === null) {
    needs.requestLog.info(line, "request");
    return;
  }
  needs.metrics.failures.inc({ error_code: failure.code });
  const failed = { ...line, error_code: failure.code, error_msg: failure.message };
  if (status < 500) needs.requestLog.info(failed, "request refused");
  else needs.log.error({ ...failed, err: failure.cause ?? failure }, "request failed");
}

/** Clients may write any method; a label must have few values. */
function toMethodLabel(method: string): string {
  return ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].includes(method) ? method : "other";
}
