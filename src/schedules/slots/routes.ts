import { defineRoute, type Route } from "../../platform/http/route.ts";
import { z } from "../../platform/resource/schema.ts";
import { previewAnswerSchema, previewSchema, slotsQuerySchema, slotsSchema } from "./model.ts";
import type { SlotService } from "./service.ts";

const base = "/ailbl/admin/schedules";
const tag = "schedules";
const none = z.strictObject({});
const scheduleParams = z.object({ ScheduleId: z.string() });

export function createSlotRoutes(service: SlotService): Route[] {
  return [
    defineRoute(
      {
        method: "POST",
        path: `${base}/preview`,
        operationId: "previewTrigger",
        tag,
        summary: "The next instants of a trigger that is not saved",
        role: "admin",
        params: none,
        query: none,
        body: previewSchema,
        answers: { 200: { description: "The instants", schema: previewAnswerSchema } },
        failures: ["CRON_PARSE_ERROR"],
      },
      ({ body }) => ({ status: 200, body: service.preview(body) }),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/{ScheduleId}/slots`,
        operationId: "listSlots",
        tag,
        summary: "What comes next, and what became of past instants",
        role: "viewer",
        params: scheduleParams,
        query: slotsQuerySchema,
        answers: { 200: { description: "The slots", schema: slotsSchema } },
        failures: ["SCHEDULE_NOT_FOUND"],
      },
      async ({ params, query }) => ({ status: 200, body: await service.list(params.ScheduleId, query.count) }),
    ),
  ];
}
