import { defineRoute, type Route } from "../../platform/http/route.ts";
import { z } from "../../platform/resource/schema.ts";
import { sessionLogSchema } from "./model.ts";
import type { SessionLogService } from "./service.ts";

export function createSessionLogRoutes(service: SessionLogService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: "/ailbl/admin/sessions/{SessionId}/log",
        operationId: "getSessionLog",
        tag: "sessions",
        summary: "Read the end of what a session's run has written, also while it runs",
        description:
          "While it runs, the text is a few seconds old at most. Between two attempts it is the earlier one's.",
        role: "viewer",
        params: z.object({ SessionId: z.string() }),
        query: z.strictObject({}),
        answers: { 200: { description: "The log", schema: sessionLogSchema } },
        failures: ["SESSION_NOT_FOUND"],
      },
      async ({ params }) => ({ status: 200, body: await service.find(params.SessionId) }),
    ),
  ];
}
