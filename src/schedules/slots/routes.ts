import { ok } from "../../platform/http/answers.ts";
import { defineRoute, type Route } from "../../platform/http/route.ts";
import { scheduleParams } from "../model.ts";
import { previewAnswerSchema, previewSchema, slotsQuerySchema, slotsSchema } from "./model.ts";
import type { SlotService } from "./service.ts";

const base = "/ailbl/admin/schedules";
const tag = "schedules";

/** Preview a trigger, and list the slots of a schedule. */
export function createSlotRoutes(service: SlotService): Route[] {
  return [
    defineRoute(
      {
        method: "POST",
        path: `${base}/preview`,
        operationId: "previewTrigger",
        tag,
        summary: "List the next instants of a trigger without saving it",
        description:
          "Also returns trigger, window and policy as they would be saved. A trigger without an instant in the next five years is refused.",
        role: "admin",
        body: previewSchema,
        answers: { 200: { description: "The instants", schema: previewAnswerSchema } },
        failures: ["CRON_PARSE_ERROR"],
      },
      ({ body }) => ok(service.preview(body)),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/{ScheduleId}/slots`,
        operationId: "listSlots",
        tag,
        summary: "List the next slots of a schedule, and the outcome of past slots",
        description:
          "Past slots have a session, or the reason why they have none. A disabled schedule has no next slots.",
        role: "viewer",
        params: scheduleParams,
        query: slotsQuerySchema,
        answers: { 200: { description: "The slots", schema: slotsSchema } },
        failures: ["SCHEDULE_NOT_FOUND"],
      },
      async ({ params, query }) => ok(await service.list(params.ScheduleId, query.count)),
    ),
  ];
}
