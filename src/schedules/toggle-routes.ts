import { answerChange } from "../platform/http/answer-change.ts";
import { ok } from "../platform/http/answers.ts";
import { defineRoute, type Route } from "../platform/http/route.ts";
import { noteSchema, type Schedule, scheduleParams, scheduleSchema } from "./model.ts";
import type { ScheduleService } from "./service.ts";

/** Enable and disable a schedule. */
export function createToggleRoutes(service: ScheduleService): Route[] {
  return [
    createToggleRoute(
      service,
      "enable",
      "Enable a schedule; it begins with its next instant",
      "Slots that passed while it was disabled never run. Sets the failures in a row to 0; an enabled schedule is returned unchanged.",
    ),
    createToggleRoute(
      service,
      "disable",
      "Disable a schedule; sessions under way go on, waiting slots are skipped",
      "A disabled schedule is returned unchanged, except that a new note replaces its note.",
    ),
  ];
}

function createToggleRoute(
  service: ScheduleService,
  verb: "enable" | "disable",
  summary: string,
  description: string,
): Route {
  return defineRoute(
    {
      method: "POST",
      path: `/ailbl/admin/schedules/{ScheduleId}/${verb}`,
      operationId: `${verb}Schedule`,
      tag: "schedules",
      summary,
      description,
      role: "operator",
      params: scheduleParams,
      body: noteSchema,
      answers: { 200: { description: "The schedule", schema: scheduleSchema } },
      failures: ["SCHEDULE_NOT_FOUND"],
    },
    ({ params, body, ...input }) =>
      answerChange<Schedule>(input, ok, (change) =>
        service.setEnabled(params.ScheduleId, verb === "enable", body.note, change),
      ),
  );
}
