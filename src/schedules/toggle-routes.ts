import { answerChange } from "../platform/http/answer-change.ts";
import type { Answer } from "../platform/http/route.ts";
import { defineRoute, type Route } from "../platform/http/route.ts";
import { z } from "../platform/resource/schema.ts";
import type { Schedule } from "./model.ts";
import { noteSchema, scheduleSchema } from "./model.ts";
import type { ScheduleService } from "./service.ts";

const base = "/ailbl/admin/schedules";
const tag = "schedules";
const none = z.strictObject({});
const scheduleParams = z.object({ ScheduleId: z.string() });
const scheduleAnswer = { description: "The schedule", schema: scheduleSchema };

export function createToggleRoutes(service: ScheduleService): Route[] {
  const toggle = (verb: "enable" | "disable", summary: string) =>
    defineRoute(
      {
        method: "POST",
        path: `${base}/{ScheduleId}/${verb}`,
        operationId: `${verb}Schedule`,
        tag,
        summary,
        role: "operator",
        params: scheduleParams,
        query: none,
        body: noteSchema,
        answers: { 200: scheduleAnswer },
        failures: ["SCHEDULE_NOT_FOUND"],
      },
      (input) =>
        answerChange(input, toFound, (change) =>
          service.setEnabled(input.params.ScheduleId, verb === "enable", input.body.note, change),
        ),
    );
  return [
    toggle("enable", "Let a schedule run from its next instant on"),
    toggle("disable", "Stop a schedule; what runs goes on, what waits does not start"),
  ];
}

function toFound(schedule: Schedule): Answer {
  return { status: 200, body: schedule, version: schedule.version };
}
