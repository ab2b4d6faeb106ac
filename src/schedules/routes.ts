import { answerChange } from "../platform/http/answer-change.ts";
import { noContent } from "../platform/http/answers.ts";
import { type Answer, defineRoute, type Route } from "../platform/http/route.ts";
import { toEntityTag } from "../platform/resource/entity-tag.ts";
import { foldCase } from "../platform/resource/fields.ts";
import { pageSchema, toPageAnswer } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { listSchedulesSchema, scheduleFilterNames } from "./filters.ts";
import {
  cancelQuerySchema,
  createScheduleSchema,
  type Schedule,
  scheduleSchema,
  updateScheduleSchema,
} from "./model.ts";
import type { ScheduleRow } from "./queries.ts";
import { isQuiet, toSchedule } from "./representation.ts";
import type { ScheduleService } from "./service.ts";

const base = "/ailbl/admin/schedules";
const tag = "schedules";
const none = z.strictObject({});
const scheduleParams = z.object({ ScheduleId: z.string() });
const scheduleAnswer = { description: "The schedule", schema: scheduleSchema };

export function createScheduleRoutes(service: ScheduleService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: base,
        operationId: "listSchedules",
        tag,
        summary: "List schedules",
        role: "viewer",
        params: none,
        query: listSchedulesSchema,
        filters: scheduleFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(scheduleSchema) } },
        failures: [],
      },
      async ({ query, url }) =>
        toPageAnswer({
          query,
          url,
          page: await service.list(query),
          toItem: toSchedule,
          toKey: (row) => toSortKey(row, query.sortby),
        }),
    ),
    defineRoute(
      {
        method: "POST",
        path: base,
        operationId: "createSchedule",
        tag,
        summary: "Say what runs when",
        role: "admin",
        params: none,
        query: none,
        body: createScheduleSchema,
        answers: { 201: scheduleAnswer },
        failures: ["SCHEDULE_NAME_CONFLICT", "CRON_PARSE_ERROR"],
        idempotent: true,
      },
      (input) => answerChange(input, toCreated, (change) => service.create(input.body, change)),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/{ScheduleId}`,
        operationId: "getSchedule",
        tag,
        summary: "Read a schedule",
        role: "viewer",
        params: scheduleParams,
        query: none,
        answers: { 200: scheduleAnswer },
        failures: ["SCHEDULE_NOT_FOUND"],
        versioned: true,
      },
      async ({ params }) => toRead(await service.find(params.ScheduleId)),
    ),
    defineRoute(
      {
        method: "PUT",
        path: `${base}/{ScheduleId}`,
        operationId: "updateSchedule",
        tag,
        summary: "Change some fields of a schedule",
        description: "A changed trigger never fires for the past: it begins with its next instant.",
        role: "admin",
        params: scheduleParams,
        query: none,
        body: updateScheduleSchema,
        answers: { 200: scheduleAnswer },
        failures: ["SCHEDULE_NOT_FOUND", "SCHEDULE_NAME_CONFLICT", "CRON_PARSE_ERROR"],
        versioned: true,
      },
      (input) =>
        answerChange(input, toChanged, (change) =>
          service.update(input.params.ScheduleId, input.body, input.ifMatch, change),
        ),
    ),
    defineRoute(
      {
        method: "DELETE",
        path: `${base}/{ScheduleId}`,
        operationId: "deleteSchedule",
        tag,
        summary: "Delete a schedule; its sessions stay to be read",
        role: "admin",
        params: scheduleParams,
        query: cancelQuerySchema,
        answers: { 204: { description: "Deleted", schema: null } },
        failures: ["SCHEDULE_NOT_FOUND", "SESSION_STATE_CONFLICT"],
        versioned: true,
      },
      (input) =>
        answerChange(input, noContent, (change) =>
          service.remove(input.params.ScheduleId, input.query.cancel, input.ifMatch, change),
        ),
    ),
  ];
}

/**
 * The version counts what people change. What workers change beside it (the next instant, the counters) makes a copy stale
 * under the same version, so a conditional read is only answered with 304 while they have changed nothing since.
 */
function toRead(row: ScheduleRow): Answer {
  const body = toSchedule(row);
  if (isQuiet(row)) return { status: 200, body, version: row.version };
  return { status: 200, body, headers: { etag: toEntityTag(row.version), "cache-control": "private, no-cache" } };
}

function toCreated(schedule: Schedule): Answer {
  return { status: 201, body: schedule, version: schedule.version, headers: { location: `${base}/${schedule.id}` } };
}

function toSortKey(row: ScheduleRow, sort: string): { value: string; id: string } {
  const values: Record<string, string> = {
    name: foldCase(row.name),
    enable: String(row.enable),
    created: row.created.toISOString(),
    modified: row.modified.toISOString(),
    next_due_at: row.next_due_at?.toISOString() ?? "infinity",
  };
  return { value: values[sort] ?? "", id: row.id };
}

function toChanged(schedule: Schedule): Answer {
  return { status: 200, body: schedule, version: schedule.version };
}
