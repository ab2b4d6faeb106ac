import { answerChange } from "../platform/http/answer-change.ts";
import { created, ok } from "../platform/http/answers.ts";
import { type Answer, defineRoute, type Route } from "../platform/http/route.ts";
import { pathId } from "../platform/resource/fields.ts";
import { pageSchema, parsePageStart, toPageAnswer } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import {
  listSessionsSchema,
  type Session,
  sessionFilterNames,
  sessionSchema,
  sessionWithHistorySchema,
} from "./model.ts";
import type { SessionService } from "./service.ts";

const base = "/ailbl/admin/sessions";
const schedules = "/ailbl/admin/schedules";
const tag = "sessions";
const scheduleParams = z.object({ ScheduleId: pathId("schedule") });
const sessionParams = z.object({ SessionId: pathId("session") });

/** `/ailbl/admin/sessions`, and `POST …/schedules/{ScheduleId}/trigger`. */
export function createSessionRoutes(service: SessionService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: base,
        operationId: "listSessions",
        tag,
        summary: "List sessions",
        description: "Oldest first unless `asc` is false. Sessions of deleted schedules are listed too.",
        role: "viewer",
        query: listSessionsSchema,
        filters: sessionFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(sessionSchema) } },
        failures: [],
      },
      async ({ query, url, cursors }) =>
        toPageAnswer({
          query,
          url,
          cursors,
          page: await service.list(query, parsePageStart(query, cursors)),
          toItem: service.represent,
          toKey: (row) => ({ value: (query.sortby === "slot" ? row.slot : row.created).toISOString(), id: row.id }),
        }),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/{SessionId}`,
        operationId: "getSession",
        tag,
        summary: "Read a session with its history",
        description: "Also returns the run config and the end of the output, which lists leave out.",
        role: "viewer",
        params: sessionParams,
        answers: { 200: { description: "The session", schema: sessionWithHistorySchema } },
        failures: ["SESSION_NOT_FOUND"],
        versioned: true,
      },
      async ({ params }) => ok(await service.find(params.SessionId)),
    ),
    defineRoute(
      {
        method: "POST",
        path: `${base}/{SessionId}/cancel`,
        operationId: "cancelSession",
        tag,
        summary: "Cancel a session",
        description:
          "A session that waits ends at once. A session that runs is asked to end; its state changes to `canceled` when it has. An ended session is refused.",
        role: "operator",
        params: sessionParams,
        answers: { 200: { description: "The session", schema: sessionSchema } },
        failures: ["SESSION_NOT_FOUND", "SESSION_STATE_CONFLICT"],
      },
      (input) => answerChange(input, ok<Session>, (change) => service.cancel(input.params.SessionId, change)),
    ),
    defineRoute(
      {
        method: "POST",
        path: `${base}/{SessionId}/retry`,
        operationId: "retrySession",
        tag,
        summary: "Retry a session that did not succeed",
        description:
          "Opens a new session for the same slot and data interval, with the schedule as it is now. A session has one retry at most; the old session does not change.",
        role: "operator",
        params: sessionParams,
        answers: { 201: { description: "The new session", schema: sessionSchema } },
        failures: ["SESSION_NOT_FOUND", "SCHEDULE_NOT_FOUND", "SESSION_STATE_CONFLICT"],
        idempotent: true,
      },
      (input) => answerChange(input, toCreated, (change) => service.retry(input.params.SessionId, change)),
    ),
    defineRoute(
      {
        method: "POST",
        path: `${schedules}/{ScheduleId}/trigger`,
        operationId: "triggerSchedule",
        tag,
        summary: "Run a schedule now, in addition to its slots",
        description:
          "Opens a session that is due now. It runs beside other sessions of the schedule, and also if the schedule is disabled.",
        role: "operator",
        params: scheduleParams,
        answers: { 201: { description: "The session", schema: sessionSchema } },
        failures: ["SCHEDULE_NOT_FOUND"],
        idempotent: true,
      },
      (input) => answerChange(input, toCreated, (change) => service.trigger(input.params.ScheduleId, change)),
    ),
  ];
}

function toCreated(session: Session): Answer {
  return created(`${base}/${session.id}`, session);
}
