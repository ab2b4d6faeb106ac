import { ok } from "../platform/http/answers.ts";
import { defineRoute, type Route } from "../platform/http/route.ts";
import { z } from "../platform/resource/schema.ts";
import { engineJobListSchema, engineListSchema, engineLocationListSchema } from "./model.ts";
import type { EngineService } from "./service.ts";

const base = "/ailbl/admin/engines";
const tag = "engines";
const engineParams = z.object({
  EngineName: z.string().openapi({
    description: "The engine as the configuration names it: `local`, or a Dagster connection.",
    example: "local",
  }),
});

/** `GET /ailbl/admin/engines`, and the jobs and locations of one engine. */
export function createEngineRoutes(service: EngineService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: base,
        operationId: "listEngines",
        tag,
        summary: "List the engines and their state",
        description:
          "Checks all engines at once, each for 5 seconds at most; an engine that does not answer is listed as failing.",
        role: "viewer",
        answers: { 200: { description: "All of them", schema: engineListSchema } },
        failures: [],
      },
      async () => ok({ data: await service.list() }),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/{EngineName}/jobs`,
        operationId: "listEngineJobs",
        tag,
        summary: "List the jobs of an engine",
        description: "Read from the engine at each request: DAGSTER_ERROR if it cannot be reached.",
        role: "viewer",
        params: engineParams,
        answers: { 200: { description: "All of them", schema: engineJobListSchema } },
        failures: ["ENGINE_NOT_FOUND", "DAGSTER_ERROR"],
      },
      async ({ params }) => ok({ data: await service.listJobs(params.EngineName) }),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/{EngineName}/locations`,
        operationId: "listEngineLocations",
        tag,
        summary: "List the code locations of an engine, and whether each has loaded",
        description: "Read from the engine at each request. The local engine has no locations.",
        role: "viewer",
        params: engineParams,
        answers: { 200: { description: "All of them", schema: engineLocationListSchema } },
        failures: ["ENGINE_NOT_FOUND", "DAGSTER_ERROR"],
      },
      async ({ params }) => ok({ data: await service.listLocations(params.EngineName) }),
    ),
  ];
}
