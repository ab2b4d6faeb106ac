import { OpenAPIRegistry, OpenApiGeneratorV31 } from "@asteasolutions/zod-to-openapi";
import { type FailureCode, failures, listStatuses } from "../failure.ts";
import { z } from "../resource/schema.ts";
import { errorBodySchema, problemSchema } from "./error-body.ts";
import { isBodyOptional } from "./input.ts";
import type { Route, RouteSpec } from "./route.ts";

/** The OpenAPI 3.1 document, made from the schemas that validate requests. `paths` are in the order of `routes`. */
export function createOpenApiDocument(routes: readonly Route[], version: string) {
  const registry = new OpenAPIRegistry();
  registry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  registry.register("Error", errorBodySchema);
  registry.register("Problem", problemSchema);
  for (const { spec } of routes) registerRoute(registry, spec);
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: {
      title: "EOM",
      version,
      description:
        "The control plane of a data platform: where data lives, who may use how much, which pipeline runs when.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
  });
}

/** Every failure that a route can answer with: its own, and the failures of its kind (with a body, a version, a key). */
function listFailures(spec: RouteSpec): FailureCode[] {
  const codes = new Set<FailureCode>([
    "INTERNAL_ERROR",
    "DATABASE_ERROR",
    "CONFIGURATION_ERROR",
    "DATABASE_UNAVAILABLE",
    "VALIDATION_ERROR",
    "MALFORMED_JSON",
    "PAYLOAD_TOO_LARGE",
    "REQUEST_TIMEOUT",
    "HEADERS_TOO_LARGE",
  ]);
  const add = (...more: FailureCode[]) => {
    for (const code of more) codes.add(code);
  };
  if (spec.role !== "public") add("UNAUTHENTICATED", "FORBIDDEN", "RATE_LIMITED", "IDENTITY_PROVIDER_UNAVAILABLE");
  if (spec.body !== undefined) add("UNSUPPORTED_MEDIA_TYPE");
  if (spec.idempotent === true) add("IDEMPOTENCY_IN_FLIGHT");
  if (spec.idempotent !== undefined) add("IDEMPOTENCY_KEY_REUSED");
  if (spec.versioned === true && spec.method !== "GET") add("PRECONDITION_FAILED");
  add(...spec.failures);
  return [...codes];
}

function registerRoute(registry: OpenAPIRegistry, spec: RouteSpec): void {
  registry.registerPath({
    method: spec.method.toLowerCase() as "get",
    path: spec.path,
    operationId: spec.operationId,
    tags: [spec.tag],
    summary: spec.summary,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    ...(spec.role === "public" ? {} : { security: [{ bearer: [] }], "x-required-role": spec.role }),
    request: {
      params: spec.params,
      query: toQueryParameters(spec),
      headers: toHeaderParameters(spec),
      ...(spec.body === undefined
        ? {}
        : { body: { required: !isBodyOptional(spec.body), content: { "application/json": { schema: spec.body } } } }),
    },
    responses: { ...toAnswers(spec), ...toFailureAnswers(registry, spec) },
  });
}

function toQueryParameters(spec: RouteSpec) {
  const aliases = (spec.filters ?? []).map((name) => {
    const schema = spec.query.shape[name] as z.ZodType;
    return [`filter[${name}]`, schema.openapi({ description: `The same as ${name}.` })];
  });
  return z.object({ ...spec.query.shape, ...Object.fromEntries(aliases) });
}

function toHeaderParameters(spec: RouteSpec) {
  return z.object({
    ...toKeyHeader(spec),
    ...toVersionHeader(spec),
  });
}

/** If-Match is checked (RFC 9110, 13.1.1); an If-None-Match that cannot be read is ignored, so it has no pattern. */
function toVersionHeader({ versioned, method }: RouteSpec) {
  if (versioned !== true) return {};
  if (method === "GET") return { "If-None-Match": z.string().optional() };
  const tags = z.string().openapi({ pattern: '^(\\*|[\\s,]*(W/)?"[^"]*"(\\s*,[\\s,]*(W/)?"[^"]*")*[\\s,]*)$' });
  return { "If-Match": tags.optional() };
}

function toKeyHeader({ idempotent }: RouteSpec) {
  const key = z.string().min(1).max(255);
  if (idempotent === undefined) return {};
  return { "Idempotency-Key": idempotent === "by_handler" ? key : key.optional() };
}

function toAnswers(spec: RouteSpec) {
  const entries = Object.entries(spec.answers).map(([status, answer]) => [
    status,
    {
      description: answer.description,
      ...(answer.schema === null
        ? {}
        : { content: { [answer.mediaType ?? "application/json"]: { schema: answer.schema } } }),
    },
  ]);
  const unchanged =
    spec.versioned === true && spec.method === "GET"
      ? [["304", { description: "The version is the one that If-None-Match names." }]]
      : [];
  return Object.fromEntries([...entries, ...unchanged]);
}

/** Each combination of codes of one status is one component of the document, to which the routes refer. */
function toFailureAnswers(registry: OpenAPIRegistry, spec: RouteSpec) {
  const failing = listFailures(spec).flatMap((code) => listStatuses(code).map((status) => ({ code, status })));
  const entries = [...Map.groupBy(failing, ({ status }) => status)].map(([status, sharing]) => {
    const codes = sharing.map(({ code }) => code).sort();
    return [
      String(status),
      registry.registerComponent("responses", codes.join("."), toFailureAnswer(status, codes)).ref,
    ];
  });
  return Object.fromEntries(entries);
}

function toFailureAnswer(status: number, codes: readonly FailureCode[]) {
  const narrowed = { properties: { error_code: { enum: [...codes] }, http_status: { const: status } } };
  const error = { allOf: [{ $ref: "#/components/schemas/Error" }, narrowed] };
  return {
    description: codes.map((code) => `${code}: ${failures[code].title}`).join("; "),
    content: {
      "application/json": { schema: error },
      "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
    },
  };
}
