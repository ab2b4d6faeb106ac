import { ok } from "../platform/http/answers.ts";
import { defineRoute, type Route } from "../platform/http/route.ts";
import { overviewSchema } from "./model.ts";
import type { OverviewService } from "./service.ts";

/** The overview in the HTTP contract. */
export function createOverviewRoutes(service: OverviewService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: "/eom/admin/overview",
        operationId: "getOverview",
        tag: "system",
        summary: "List what needs a person now",
        description:
          "Answers within a few seconds, whatever hangs: a part that does not answer in time says so in `fault`.",
        role: "viewer",
        answers: { 200: { description: "The overview", schema: overviewSchema } },
        failures: [],
      },
      async () => ok(await service.find()),
    ),
  ];
}
