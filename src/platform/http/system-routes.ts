import { fail } from "../failure.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { z } from "../resource/schema.ts";
import { createDocsRoutes } from "./docs.ts";
import { writeOpenApiDocument } from "./document/document.ts";
import { defineRoute, type Route } from "./route.ts";
import { createStaticFile, type StaticFile } from "./static-file.ts";

interface SystemNeeds {
  /** Why the process cannot serve, in a sentence; null when it can. */
  readonly findUnreadiness: () => Promise<string | null>;
  readonly metrics: Metrics;
  readonly version: string;
  /** The routes of all rooms, for the document. */
  readonly routes: readonly Route[];
}

const tag = "system";
const statusSchema = z
  .object({ status: z.literal("ok").describe("Always ok: any other state is a failure.") })
  .openapi("Status", { description: "The answer of a probe that succeeds." });
const statusAnswer = { description: "Yes", schema: statusSchema };

const documentSchema = z
  .looseObject({ openapi: z.string().openapi({ description: "The version of OpenAPI.", example: "3.1.0" }) })
  .openapi("OpenApiDocument", { description: "An OpenAPI document." });

/** The system's routes, and the document of the whole API. */
export interface System {
  readonly routes: readonly Route[];
  /** The OpenAPI document of all routes, these included; written at the first call. */
  readonly writeDocument: () => string;
}

/** Health, metrics, the OpenAPI document and the reference pages: for probes and newcomers, so without authentication. */
export function createSystem(needs: SystemNeeds): System {
  const own: Route[] = [
    defineRoute(
      {
        method: "GET",
        path: "/healthz",
        operationId: "getHealth",
        tag,
        summary: "Whether the process is alive",
        description: "Asks nothing but the process itself: restart the process if this does not answer.",
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
        description: "Send requests to this process only while it answers 200.",
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
        description: "The metrics of this process, in the text format of the Prometheus client library.",
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
        answers: {
          200: { description: "The document", schema: documentSchema },
          304: { description: "The document is the one that If-None-Match names.", schema: null },
        },
        failures: [],
      },
      () => {
        file ??= createStaticFile(writeDocument(), "application/json", "revalidate");
        return { status: 200, file };
      },
    ),
  ];
  let file: StaticFile | undefined;
  let written: string | undefined;
  const writeDocument = () => {
    written ??= writeOpenApiDocument([...needs.routes, ...own], needs.version);
    return written;
  };
  return { routes: [...own, ...createDocsRoutes()], writeDocument };
}
