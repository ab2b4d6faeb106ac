import { ok } from "../../platform/http/answers.ts";
import { defineRoute, type Route } from "../../platform/http/route.ts";
import { pathId } from "../../platform/resource/fields.ts";
import { z } from "../../platform/resource/schema.ts";
import { sessionLogSchema } from "./model.ts";
import type { SessionLogService } from "./service.ts";

/** `GET /ailbl/admin/sessions/{SessionId}/log`. */
export function createSessionLogRoutes(service: SessionLogService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: "/ailbl/admin/sessions/{SessionId}/log",
        operationId: "getSessionLog",
        tag: "sessions",
        summary: "Read the end of a run's output, also while it runs",
        description:
          "While the run is under way, the text is a few seconds old at most. Between two attempts it is that of the earlier one.",
        role: "viewer",
        params: z.object({ SessionId: pathId("session") }),
        answers: { 200: { description: "The log", schema: sessionLogSchema } },
        failures: ["SESSION_NOT_FOUND"],
      },
      async ({ params }) => ok(await service.find(params.SessionId)),
    ),
  ];
}
