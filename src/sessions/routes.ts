import { answerChange } from "../platform/http/answer-change.ts";
import { type Answer, defineRoute, type Route } from "../platform/http/route.ts";
import { pageSchema, toPageAnswer } from "../platform/resource/paging.ts";
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
const none = z.strictObject({});
const scheduleParams = z.object({ ScheduleId: z.string() });
const sessionParams = z.object({ SessionId: z.string() });

export function createSessionRoutes(service: SessionService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: base,
        operationId: "listSessions",
        tag,
        summary: "List sessions",
        role: "viewer",
        params: none,
        query: listSessionsSchema,
        filters: sessionFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(sessionSchema) } },
        failures: [],
      },
      async ({ query, url }) =>
        toPageAnswer({
          query,
          url,
          page: await service.list(query),
          toItem: service.tell,
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
        role: "viewer",
        params: sessionParams,
        query: none,
        answers: { 200: { description: "The session", schema: sessionWithHistorySchema } },
        failures: ["SESSION_NOT_FOUND"],
        versioned: true,
      },
      async ({ params }) => {
        const session = await service.find(params.SessionId);
        return { status: 200, body: session, version: session.version };
      },
    ),
    defineRoute(
      {
        method: "POST",
        path: `${base}/{SessionId}/cancel`,
        operationId: "cancelSession",
        tag,
        summary: "End a session",
        description: "At once while it waits; one that runs is asked to end, and its state tells when it has.",
        role: "operator",
        params: sessionParams,
        query: none,
        answers: { 200: { description: "The session", schema: sessionSchema } },
        failures: ["SESSION_NOT_FOUND", "SESSION_STATE_CONFLICT"],
      },
      (input) => answerChange(input, toChanged, (change) => service.cancel(input.params.SessionId, change)),
    ),
    defineRoute(
      {
        method: "POST",
        path: `${base}/{SessionId}/retry`,
        operationId: "retrySession",
        tag,
        summary: "Do a session again that did not succeed",
        description: "A new session for the same slot and data, with the schedule as it is now.",
        role: "operator",
        params: sessionParams,
        query: none,
        answers: { 201: { description: "The new session", schema: sessionSchema } },
        failures: ["SESSION_NOT_FOUND", "SCHEDULE_NOT_FOUND", "SESSION_STATE_CONFLICT"],
        idempotent: true,
      },
      (input) => answerChange(input, toMade, (change) => service.retry(input.params.SessionId, change)),
    ),
    defineRoute(
      {
        method: "POST",
        path: `${schedules}/{ScheduleId}/trigger`,
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
      (input) => answerChange(input, toMade, (change) => service.trigger(input.params.ScheduleId, change)),
    ),
  ];
}

function toChanged(session: Session): Answer {
  return { status: 200, body: session, version: session.version };
}

function toMade(session: Session): Answer {
  const location = `${base}/${session.id}`;
  return { status: 201, body: session, version: session.version, headers: { location } };
}
