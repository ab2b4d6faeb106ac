import { OpenAPIRegistry, OpenApiGeneratorV31, zodToOpenAPIRegistry } from "@asteasolutions/zod-to-openapi";
import { z } from "../../resource/schema.ts";
import { problemSchema } from "../error-body.ts";
import { isBodyOptional } from "../input.ts";
import type { Route, RouteSpec } from "../route.ts";
import { listFailureExamples, toAnswerExample, toRequestExample } from "./examples.ts";
import { createFailureAnswers, listErrorSchemas, listFailures } from "./failure-answers.ts";
import { headerComponents, toAnswerHeaders } from "./headers.ts";
import { listNamedSchemas } from "./named-schemas.ts";
import { toPortable } from "./portable.ts";
import { tags } from "./tags.ts";
import { listWebhooks } from "./webhooks.ts";

/** The OpenAPI 3.1 document, made from the schemas that validate requests. `paths` are in the order of `routes`. */
export function createOpenApiDocument(routes: readonly Route[], version: string) {
  const registry = new OpenAPIRegistry();
  registerComponents(registry, routes);
  const toFailureAnswers = createFailureAnswers(createAnswerRegister(registry));
  for (const { spec } of routes) registry.registerPath(toOperation(spec, toFailureAnswers(spec)));
  for (const webhook of listWebhooks()) registry.registerWebhook(webhook);
  const document = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: {
      title: "EOM",
      version,
      description:
        "The control plane of a data platform: where data lives, who may use how much, which pipeline runs when.",
      contact: { name: "The authors of EOM" },
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "The server that serves this document." }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
  });
  return toPortable(document);
}

/** The text of the document: what is served, printed and kept in docs/reference/ has the same bytes. */
export function writeOpenApiDocument(routes: readonly Route[], version: string): string {
  return `${JSON.stringify(createOpenApiDocument(routes, version), null, 2)}\n`;
}

function registerComponents(registry: OpenAPIRegistry, routes: readonly Route[]): void {
  registry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description: "A token of EOM, or of the identity provider that EOM trusts.",
  });
  for (const [name, header] of Object.entries(headerComponents))
    registry.registerComponent("headers", name, { ...header });
  const codes = new Set<string>(routes.flatMap(({ spec }) => listFailures(spec)));
  for (const [name, example] of listFailureExamples(codes)) registry.registerComponent("examples", name, example);
  registry.register("Problem", problemSchema);
  const schemas = [
    ...listErrorSchemas(routes.map(({ spec }) => spec)),
    ...routes.flatMap(({ spec }) => listSchemas(spec)),
  ];
  for (const [name, schema] of listNamedSchemas(schemas)) registry.register(name, schema);
}

function listSchemas({ params, query, body, answers }: RouteSpec): z.ZodType[] {
  const schemas = [params, query, body, ...Object.values(answers).map(({ schema }) => schema)];
  return schemas.filter((schema) => schema !== undefined && schema !== null);
}

/** Registers each answer once: operations refer to it. */
function createAnswerRegister(registry: OpenAPIRegistry) {
  const references = new Map<string, { readonly $ref: string }>();
  return (name: string, answer: object) => {
    const known = references.get(name) ?? registry.registerComponent("responses", name, answer as never).ref;
    references.set(name, known);
    return known;
  };
}

function toOperation(spec: RouteSpec, failureAnswers: object) {
  return {
    method: spec.method.toLowerCase() as "get",
    path: spec.path,
    operationId: spec.operationId,
    tags: [spec.tag],
    summary: spec.summary,
    description: toDescription(spec),
    ...(spec.role === "public" ? {} : { security: [{ bearer: [] }], "x-required-role": spec.role }),
    "x-error-codes": listFailures(spec),
    request: {
      params: spec.params,
      query: toQueryParameters(spec),
      headers: toHeaderParameters(spec),
      ...(spec.body === undefined ? {} : { body: toBody(spec.operationId, spec.body) }),
    },
    responses: { ...toAnswers(spec), ...failureAnswers },
  };
}

/** The operation's own description, the role that it needs, and its own failures. */
function toDescription({ summary, description, role, failures }: RouteSpec): string {
  const sentences = [
    description ?? `${summary}.`,
    role === "public" ? "Needs no authentication." : `Needs the role \`${role}\`.`,
    failures.length === 0 ? null : `Own failures: ${failures.map((code) => `\`${code}\``).join(", ")}.`,
  ];
  return sentences.filter((sentence) => sentence !== null).join("\n\n");
}

function toBody(operationId: string, schema: z.ZodType) {
  return {
    required: !isBodyOptional(schema),
    description: zodToOpenAPIRegistry.get(schema)?.description ?? "The request.",
    content: { "application/json": { schema, ...toRequestExample(operationId) } },
  };
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
function toVersionHeader({ versioned, method, answers }: RouteSpec) {
  if (versioned !== true && !(304 in answers)) return {};
  if (method === "GET") {
    const known = z
      .string()
      .describe('Entity tags that the caller has, such as "3": 304 if the answer\'s is among them.');
    return { "If-None-Match": known.optional() };
  }
  const expected = z.string().openapi({
    pattern: '^(\\*|[\\s,]*(W/)?"[^"]*"(\\s*,[\\s,]*(W/)?"[^"]*")*[\\s,]*)$',
    description: 'Entity tags, such as "3": PRECONDITION_FAILED unless the object\'s is among them.',
    example: '"3"',
  });
  return { "If-Match": expected.optional() };
}

function toKeyHeader({ idempotent }: RouteSpec) {
  if (idempotent === undefined) return {};
  const key = z.string().min(1).max(255).openapi({
    description:
      "A new random text for each request that is sent once: a repeated request with it has no second effect.",
    example: "8e03978e-40d5-43dd-bc93-6894a57f9324",
  });
  return { "Idempotency-Key": idempotent === "by_handler" ? key : key.optional() };
}

function toAnswers(spec: RouteSpec) {
  const entries = Object.entries(spec.answers).map(([status, answer]) => [
    status,
    {
      description: answer.description,
      headers: toAnswerHeaders(spec, Number(status), answer),
      ...(answer.schema === null
        ? {}
        : {
            content: {
              [answer.mediaType ?? "application/json"]: {
                schema: answer.schema,
                ...toAnswerExample(spec.operationId, status),
              },
            },
          }),
    },
  ]);
  const unchanged =
    spec.versioned === true && spec.method === "GET"
      ? [["304", { description: "The version is the one that If-None-Match names." }]]
      : [];
  return Object.fromEntries([...entries, ...unchanged]);
}
