import { defineRoute, type Route } from "../platform/http/route.ts";
import { z } from "../platform/resource/schema.ts";
import { overviewSchema } from "./model.ts";
import type { OverviewService } from "./service.ts";

export function createOverviewRoutes(service: OverviewService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: "/eom/admin/overview",
        operationId: "getOverview",
        tag: "system",
        summary: "What needs a person now",
        description: "Answered in a few seconds whatever hangs: a part that does not answer says so in its fault.",
        role: "viewer",
        params: z.strictObject({}),
        query: z.strictObject({}),
        answers: { 200: { description: "The overview", schema: overviewSchema } },
        failures: [],
      },
      async () => ({ status: 200, body: await service.find() }),
    ),
  ];
}
