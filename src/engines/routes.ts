import { defineRoute, type Route } from "../platform/http/route.ts";
import { z } from "../platform/resource/schema.ts";
import { engineJobSchema, engineLocationSchema, engineSchema } from "./model.ts";
import type { EngineService } from "./service.ts";

const base = "/ailbl/admin/engines";
const tag = "engines";
const none = z.strictObject({});

export function createEngineRoutes(service: EngineService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: base,
        operationId: "listEngines",
        tag,
        summary: "The connections to what executes runs, with their state",
        role: "viewer",
        params: none,
        query: none,
        answers: { 200: { description: "All of them", schema: z.object({ data: z.array(engineSchema) }) } },
        failures: [],
      },
      async () => ({ status: 200, body: { data: await service.list() } }),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/{EngineName}/jobs`,
        operationId: "listEngineJobs",
        tag,
        summary: "The jobs that can be scheduled",
        role: "viewer",
        params: z.object({ EngineName: z.string() }),
        query: none,
        answers: { 200: { description: "All of them", schema: z.object({ data: z.array(engineJobSchema) }) } },
        failures: ["ENGINE_NOT_FOUND", "DAGSTER_ERROR"],
      },
      async ({ params }) => ({ status: 200, body: { data: await service.listJobs(params.EngineName) } }),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/{EngineName}/locations`,
        operationId: "listEngineLocations",
        tag,
        summary: "Where its jobs are loaded from, and whether that worked",
        role: "viewer",
        params: z.object({ EngineName: z.string() }),
        query: none,
        answers: { 200: { description: "All of them", schema: z.object({ data: z.array(engineLocationSchema) }) } },
        failures: ["ENGINE_NOT_FOUND", "DAGSTER_ERROR"],
      },
      async ({ params }) => ({ status: 200, body: { data: await service.listLocations(params.EngineName) } }),
    ),
  ];
}
