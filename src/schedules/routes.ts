import { answerChange } from "../platform/http/answer-change.ts";
import { created, noContent, ok } from "../platform/http/answers.ts";
import { type Answer, defineRoute, type Route } from "../platform/http/route.ts";
import { toEntityTag } from "../platform/resource/entity-tag.ts";
import { foldCase } from "../platform/resource/fields.ts";
import { pageSchema, parsePageStart, toPageAnswer } from "../platform/resource/paging.ts";
import { listSchedulesSchema, scheduleFilterNames } from "./filters.ts";
import {
  cancelQuerySchema,
  createScheduleSchema,
  type Schedule,
  scheduleParams,
  scheduleSchema,
  updateScheduleSchema,
} from "./model.ts";
import type { ScheduleRow } from "./queries.ts";
import { isQuiet, toSchedule } from "./representation.ts";
import type { ScheduleService } from "./service.ts";

const base = "/ailbl/admin/schedules";
const tag = "schedules";
const scheduleAnswer = { description: "The schedule", schema: scheduleSchema };

/** List, create, read, update and delete schedules. */
export function createScheduleRoutes(service: ScheduleService): Route[] {
  return [
    createListRoute(service),
    createCreateRoute(service),
    createReadRoute(service),
    createUpdateRoute(service),
    createDeleteRoute(service),
  ];
}

function createListRoute(service: ScheduleService): Route {
  return defineRoute(
    {
      method: "GET",
      path: base,
      operationId: "listSchedules",
      tag,
      summary: "List schedules",
      description: "Filters of different names must all match; schedules are ordered by name unless `sortby` is given.",
      role: "viewer",
      query: listSchedulesSchema,
      filters: scheduleFilterNames,
      answers: { 200: { description: "One page", schema: pageSchema(scheduleSchema) } },
      failures: [],
    },
    async ({ query, url, cursors }) =>
      toPageAnswer({
        query,
        url,
        cursors,
        page: await service.list(query, parsePageStart(query, cursors)),
        toItem: toSchedule,
        toKey: (row) => toSortKey(row, query.sortby),
      }),
  );
}

function createCreateRoute(service: ScheduleService): Route {
  return defineRoute(
    {
      method: "POST",
      path: base,
      operationId: "createSchedule",
      tag,
      summary: "Create a schedule",
      description:
        "Its first slot is the first instant of the trigger after now. The engine is asked whether it knows the job; if it cannot be reached, the schedule is created unchecked.",
      role: "admin",
      body: createScheduleSchema,
      answers: { 201: scheduleAnswer },
      failures: ["SCHEDULE_NAME_CONFLICT", "CRON_PARSE_ERROR"],
      idempotent: true,
    },
    (input) =>
      answerChange<Schedule>(
        input,
        (schedule) => created(`${base}/${schedule.id}`, schedule),
        (change) => service.create(input.body, change),
      ),
  );
}

function createReadRoute(service: ScheduleService): Route {
  return defineRoute(
    {
      method: "GET",
      path: `${base}/{ScheduleId}`,
      operationId: "getSchedule",
      tag,
      summary: "Read a schedule",
      description:
        "The version counts edits. Answered with 304 only if the next slot and the counters are unchanged as well.",
      role: "viewer",
      params: scheduleParams,
      answers: { 200: scheduleAnswer },
      failures: ["SCHEDULE_NOT_FOUND"],
      versioned: true,
    },
    async ({ params }) => toReadAnswer(await service.find(params.ScheduleId)),
  );
}

function createUpdateRoute(service: ScheduleService): Route {
  return defineRoute(
    {
      method: "PUT",
      path: `${base}/{ScheduleId}`,
      operationId: "updateSchedule",
      tag,
      summary: "Change some fields of a schedule",
      description:
        "An omitted field keeps its value. A changed trigger never fires for the past: it begins with its next instant.",
      role: "admin",
      params: scheduleParams,
      body: updateScheduleSchema,
      answers: { 200: scheduleAnswer },
      failures: ["SCHEDULE_NOT_FOUND", "SCHEDULE_NAME_CONFLICT", "CRON_PARSE_ERROR"],
      versioned: true,
    },
    (input) =>
      answerChange<Schedule>(input, ok, (change) =>
        service.update(input.params.ScheduleId, input.body, input.ifMatch, change),
      ),
  );
}

function createDeleteRoute(service: ScheduleService): Route {
  return defineRoute(
    {
      method: "DELETE",
      path: `${base}/{ScheduleId}`,
      operationId: "deleteSchedule",
      tag,
      summary: "Delete a schedule; its sessions can still be read",
      description:
        "Sessions that wait are canceled. While sessions are under way it is refused, unless `cancel` is true, which asks them to end.",
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
  );
}

/**
 * Workers change the next instant and the counters without changing the version, which counts edits. A conditional read is therefore
 * answered with 304 only while they have written nothing since the last edit: otherwise the answer has no `version`, which the app
 * would compare with `If-None-Match`, but sets the entity tag itself.
 */
function toReadAnswer(row: ScheduleRow): Answer {
  const schedule = toSchedule(row);
  if (isQuiet(row)) return ok(schedule);
  return {
    status: 200,
    body: schedule,
    headers: { etag: toEntityTag(row.version), "cache-control": "private, no-cache" },
  };
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
