import { type Context, Hono } from "hono";
import type { Database } from "../database/tables.ts";
import { type Failure, fail, failures } from "../failure.ts";
import { createId } from "../id.ts";
import { parseIdempotencyKey } from "../idempotency/answers.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { type Authenticator, type Caller, isAllowed, type RequiredRole } from "./caller.ts";
import { isUnchanged, parseIfMatch, toEntityTag } from "./entity-tag.ts";
import { toErrorResponse, toFailure } from "./error-body.ts";
import { runOnce, settleNothing } from "./idempotency.ts";
import { parseInput } from "./input.ts";
import { findOnBehalfOf, findRequestId, toXUser } from "./request-context.ts";
import type { Answer, Route, RouteInput } from "./route.ts";

interface AppNeeds {
  readonly routes: readonly Route[];
  readonly authenticator: Authenticator;
  readonly db: Database;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** A request on its way through: filled as more of it is known, for the log line and the error's labels. */
interface Passage {
  readonly request: Request;
  readonly url: URL;
  readonly requestId: string;
  readonly startedAt: number;
  readonly route: string;
  readonly pathUser: string | null;
  caller: Caller | null;
}

/** The web-standard app: the same for Node, for functions and for tests. Every failure leaves it in the one format. */
export function createApp(needs: AppNeeds): Hono {
  const app = new Hono();
  for (const route of needs.routes) {
    app.on(route.spec.method, toHonoPath(route.spec.path), (c) =>
      pass(needs, c, route.spec.path, (passage) => serve(needs, route, passage, c)),
    );
  }
  app.all("*", (c) => pass(needs, c, "none", (passage) => refuseRoute(needs, passage)));
  return app;
}

async function pass(
  needs: AppNeeds,
  c: Context,
  route: string,
  answer: (passage: Passage) => Promise<Response>,
): Promise<Response> {
  const request = c.req.raw;
  const passage: Passage = {
    request,
    url: new URL(request.url),
    requestId: findRequestId(request.headers) ?? createId(),
    startedAt: performance.now(),
    route,
    pathUser: c.req.param("UserId") ?? null,
    caller: null,
  };
  try {
    const response = await answer(passage);
    note(needs, passage, response.status, null);
    return response;
  } catch (error) {
    const failure = toFailure(error);
    note(needs, passage, failures[failure.code].status, failure);
    return toErrorResponse(failure, {
      requestId: passage.requestId,
      xUser: toXUser(passage.pathUser, passage.caller),
      path: passage.url.pathname,
      accept: request.headers.get("accept"),
      headers:
        failure.code === "METHOD_NOT_ALLOWED"
          ? { allow: listMethods(needs.routes, passage.url.pathname).join(", ") }
          : {},
    });
  }
}

async function serve(needs: AppNeeds, route: Route, passage: Passage, c: Context): Promise<Response> {
  const { spec } = route;
  passage.caller = await authorise(needs.authenticator, passage.request.headers, spec.role);
  const parsed = await parseInput(spec, { params: c.req.param(), url: passage.url, request: passage.request });
  const { headers, signal } = passage.request;
  const input = {
    ...parsed,
    caller: passage.caller,
    requestId: passage.requestId,
    ifMatch: spec.versioned === true ? parseIfMatch(headers.get("if-match")) : null,
    settle: settleNothing,
    url: passage.url,
    signal,
  } as RouteInput<never, never, never>;
  const key = spec.idempotent === true ? parseIdempotencyKey(headers.get("idempotency-key")) : null;
  if (key === null || passage.caller === null) return toResponse(await route.handle(input), passage);
  const request = { subject: passage.caller.subject, method: spec.method, path: passage.url.pathname, input: parsed };
  const run = async (settle: typeof settleNothing) => route.handle({ ...input, settle });
  return toResponse(await runOnce({ db: needs.db, key, request, run }), passage);
}

/** @throws UNAUTHENTICATED, FORBIDDEN */
async function authorise(
  authenticator: Authenticator,
  headers: Headers,
  required: RequiredRole,
): Promise<Caller | null> {
  if (required === "public") return null;
  const found = await authenticator.authenticate(headers);
  if (found === null)
    throw fail("UNAUTHENTICATED", "Authentication is needed: send Authorization: Bearer <token>", null);
  const caller = { ...found, onBehalfOf: findOnBehalfOf(headers) };
  if (!isAllowed(caller.role, required)) {
    throw fail("FORBIDDEN", `This needs the role ${required}; ${caller.subject} has ${caller.role}`, {
      required_role: required,
    });
  }
  return caller;
}

function toResponse(answer: Answer, passage: Passage): Response {
  const headers = new Headers(answer.headers);
  headers.set("x-request-id", passage.requestId);
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  if (answer.version !== undefined) {
    const tag = toEntityTag(answer.version);
    headers.set("etag", tag);
    headers.set("cache-control", "private, no-cache");
    const isRead = passage.request.method === "GET" || passage.request.method === "HEAD";
    if (isRead && isUnchanged(tag, passage.request.headers.get("if-none-match")))
      return new Response(null, { status: 304, headers });
  }
  if (answer.text !== undefined) {
    headers.set("content-type", answer.text.type);
    return new Response(answer.text.content, { status: answer.status, headers });
  }
  if (answer.body === undefined) return new Response(null, { status: answer.status, headers });
  headers.set("content-type", "application/json");
  return new Response(JSON.stringify(answer.body), { status: answer.status, headers });
}

/** @throws ROUTE_NOT_FOUND, METHOD_NOT_ALLOWED, always one of them */
async function refuseRoute(needs: AppNeeds, passage: Passage): Promise<never> {
  const { pathname } = passage.url;
  passage.caller = await authorise(needs.authenticator, passage.request.headers, "viewer").catch(() => null);
  const methods = listMethods(needs.routes, pathname);
  if (methods.length === 0)
    throw fail("ROUTE_NOT_FOUND", `There is no ${pathname.slice(0, 200)} here; /openapi.json lists what is`, null);
  throw fail("METHOD_NOT_ALLOWED", `${passage.request.method} is not possible here, only ${methods.join(", ")}`, null);
}

function listMethods(routes: readonly Route[], path: string): string[] {
  const methods = new Set<string>();
  for (const { spec } of routes) {
    if (!toPattern(spec.path).test(path)) continue;
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

/** One line and one measurement a request. What nobody foresaw is logged whole, and told to nobody. */
function note(needs: AppNeeds, passage: Passage, status: number, failure: Failure | null): void {
  const seconds = (performance.now() - passage.startedAt) / 1000;
  const { method } = passage.request;
  needs.metrics.requestDuration.observe({ method, route: passage.route, status }, seconds);
  const line = {
    request_id: passage.requestId,
    method,
    path: passage.url.pathname,
    status,
    duration_ms: Math.round(seconds * 1e6) / 1e3,
    subject: passage.caller?.subject,
  };
  if (failure === null) {
    needs.log.info(line, "request");
    return;
  }
  needs.metrics.failures.inc({ error_code: failure.code });
  const told = { ...line, error_code: failure.code, error_msg: failure.message };
  if (status < 500) needs.log.info(told, "request refused");
  else needs.log.error({ ...told, err: failure.cause ?? failure }, "request failed");
}
