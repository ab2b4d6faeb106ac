import { toActor } from "../platform/http/actor.ts";
import { toEntityTag } from "../platform/http/entity-tag.ts";
import { foldCase } from "../platform/http/fields.ts";
import { pageSchema, toPageAnswer } from "../platform/http/paging.ts";
import { type Answer, defineRoute, type Route, type RouteInput } from "../platform/http/route.ts";
import { z } from "../platform/http/schema.ts";
import {
  createScheduleSchema,
  listSchedulesSchema,
  noteSchema,
  previewAnswerSchema,
  previewSchema,
  type Schedule,
  scheduleFilterNames,
  scheduleSchema,
  slotsQuerySchema,
  slotsSchema,
  updateScheduleSchema,
} from "./model.ts";
import type { ScheduleRow } from "./queries.ts";
import type { ScheduleService } from "./service.ts";
import { cancelQuerySchema, type Session, sessionSchema } from "./session-model.ts";
import { isQuiet, toSchedule } from "./wire.ts";

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
          found: await service.list(query),
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
      async (input) =>
        toCreated(
          await service.create(input.body, {
            actor: toActor(input),
            settle: (tx, schedule) => input.settle(tx, toCreated(schedule)),
          }),
        ),
    ),
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
      async (input) =>
        toChanged(await service.update(input.params.ScheduleId, input.body, input.ifMatch, toScheduleChange(input))),
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
      async (input) => {
        const change = { actor: toActor(input), settle: async () => {} };
        await service.remove(input.params.ScheduleId, input.query.cancel, input.ifMatch, change);
        return { status: 204 };
      },
    ),
    ...createActionRoutes(service),
  ];
}

function createActionRoutes(service: ScheduleService): Route[] {
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
      async (input) => {
        const { ScheduleId } = input.params;
        return toChanged(
          await service.setEnabled(ScheduleId, verb === "enable", input.body.note, toScheduleChange(input)),
        );
      },
    );
  return [
    toggle("enable", "Let a schedule run from its next instant on"),
    toggle("disable", "Stop a schedule; what runs goes on, what waits does not start"),
    defineRoute(
      {
        method: "POST",
        path: `${base}/{ScheduleId}/trigger`,
        operationId: "triggerSchedule",
        tag,
        summary: "Run a schedule now, beside its instants",
        role: "operator",
        params: scheduleParams,
        query: none,
        answers: { 201: { description: "The session", schema: sessionSchema } },
        failures: ["SCHEDULE_NOT_FOUND"],
        idempotent: true,
      },
      async (input) =>
        toTriggered(
          await service.trigger(input.params.ScheduleId, {
            actor: toActor(input),
            settle: (tx, session) => input.settle(tx, toTriggered(session)),
          }),
        ),
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
      async ({ params, query }) => ({ status: 200, body: await service.slots(params.ScheduleId, query.count) }),
    ),
  ];
}

function toScheduleChange(input: Pick<RouteInput<unknown, unknown, unknown>, "caller" | "requestId">) {
  return { actor: toActor(input), settle: async () => {} };
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

function toChanged(schedule: Schedule): Answer {
  return { status: 200, body: schedule, version: schedule.version };
}

function toCreated(schedule: Schedule): Answer {
  return { status: 201, body: schedule, version: schedule.version, headers: { location: `${base}/${schedule.id}` } };
}

function toTriggered(session: Session): Answer {
  const location = `/ailbl/admin/sessions/${session.id}`;
  return { status: 201, body: session, version: session.version, headers: { location } };
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
