import { fail } from "../failure.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { z } from "../resource/schema.ts";
import { createDocsRoutes } from "./docs.ts";
import { createOpenApiDocument } from "./openapi.ts";
import { defineRoute, type Route } from "./route.ts";

interface SystemNeeds {
  /** Why the process cannot serve, in a sentence; null when it can. */
  readonly findUnreadiness: () => Promise<string | null>;
  readonly metrics: Metrics;
  readonly version: string;
  /** The routes of all rooms, for the document. */
  readonly routes: readonly Route[];
}

const tag = "system";
const statusAnswer = { description: "Yes", schema: z.object({ status: z.literal("ok") }) };

/** Health, metrics, the OpenAPI document and the reference pages: for probes and newcomers, so without authentication. */
export function createSystemRoutes(needs: SystemNeeds): Route[] {
  const own: Route[] = [
    defineRoute(
      {
        method: "GET",
        path: "/healthz",
        operationId: "getHealth",
        tag,
        summary: "Whether the process is alive",
        role: "public",
        answers: { 200: statusAnswer },
        failures: [],
      },
      () => ({ status: 200, body: { status: "ok" } }),
    ),
    defineRoute(
      {
        method: "GET",
        path: "/readyz",
        operationId: "getReadiness",
        tag,
        summary: "Whether the database is reachable and migrated",
        role: "public",
        answers: { 200: statusAnswer },
        failures: [],
      },
      async () => {
        const problem = await needs.findUnreadiness();
        if (problem !== null) throw fail("DATABASE_UNAVAILABLE", problem, null);
        return { status: 200, body: { status: "ok" } };
      },
    ),
    defineRoute(
      {
        method: "GET",
        path: "/metrics",
        operationId: "getMetrics",
        tag,
        summary: "Metrics for Prometheus",
        role: "public",
        answers: { 200: { description: "Text exposition format", schema: z.string(), mediaType: "text/plain" } },
        failures: [],
      },
      async () => ({
        status: 200,
        text: { content: await needs.metrics.registry.metrics(), type: needs.metrics.registry.contentType },
      }),
    ),
    defineRoute(
      {
        method: "GET",
        path: "/openapi.json",
        operationId: "getOpenApi",
        tag,
        summary: "This API as an OpenAPI 3.1 document",
        role: "public",
        answers: { 200: { description: "The document", schema: z.looseObject({ openapi: z.string() }) } },
        failures: [],
      },
      () => ({ status: 200, text: { content: document(), type: "application/json" } }),
    ),
  ];
  const all = [...needs.routes, ...own];
  let written: string | undefined;
  const document = () => {
    written ??= JSON.stringify(createOpenApiDocument(all, needs.version));
    return written;
  };
  return [...own, ...createDocsRoutes()];
}
