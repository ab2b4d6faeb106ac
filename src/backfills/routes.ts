import { answerChange } from "../platform/http/answer-change.ts";
import { type Answer, defineRoute, type Route } from "../platform/http/route.ts";
import { pageSchema, toPageAnswer } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import {
  type Backfill,
  backfillSchema,
  cancelBackfillSchema,
  createBackfillSchema,
  listBackfillsSchema,
} from "./model.ts";
import { type BackfillService, toBackfill } from "./service.ts";

const base = "/ailbl/admin/schedules/{ScheduleId}";
const tag = "backfills";
const none = z.strictObject({});
const scheduleParams = z.object({ ScheduleId: z.string() });
const backfillParams = z.object({ ScheduleId: z.string(), BackfillId: z.string() });
const backfillAnswer = { description: "The backfill", schema: backfillSchema };

export function createBackfillRoutes(service: BackfillService): Route[] {
  return [
    defineRoute(
      {
        method: "POST",
        path: `${base}/backfill`,
        operationId: "createBackfill",
        tag,
        summary: "Run the slots of a stretch of time that is over",
        description:
          "Also those that have run before, and of a disabled schedule. Sessions are opened oldest slot first, as room comes.",
        role: "admin",
        params: scheduleParams,
        query: none,
        body: createBackfillSchema,
        answers: { 201: backfillAnswer },
        failures: ["SCHEDULE_NOT_FOUND"],
        idempotent: true,
      },
      (input) =>
        answerChange(input, toCreated, (change) => service.create(input.params.ScheduleId, input.body, change)),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/backfills`,
        operationId: "listBackfills",
        tag,
        summary: "List the backfills of a schedule",
        role: "viewer",
        params: scheduleParams,
        query: listBackfillsSchema,
        answers: { 200: { description: "One page", schema: pageSchema(backfillSchema) } },
        failures: [],
      },
      async ({ params, query, url }) =>
        toPageAnswer({
          query,
          url,
          page: await service.list(params.ScheduleId, query),
          toItem: toBackfill,
          toKey: (row) => ({ value: row.created.toISOString(), id: row.id }),
        }),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/backfills/{BackfillId}`,
        operationId: "getBackfill",
        tag,
        summary: "Read how far a backfill has come",
        role: "viewer",
        params: backfillParams,
        query: none,
        answers: { 200: backfillAnswer },
        failures: ["BACKFILL_NOT_FOUND"],
      },
      async ({ params }) => ({ status: 200, body: await service.find(params.ScheduleId, params.BackfillId) }),
    ),
    defineRoute(
      {
        method: "POST",
        path: `${base}/backfills/{BackfillId}/cancel`,
        operationId: "cancelBackfill",
        tag,
        summary: "End a backfill",
        description:
          "What waits does not start. What runs goes on, unless `running` is true. Again: it changes nothing.",
        role: "operator",
        params: backfillParams,
        query: cancelBackfillSchema,
        answers: { 200: backfillAnswer },
        failures: ["BACKFILL_NOT_FOUND"],
      },
      (input) =>
        answerChange(input, toFound, (change) =>
          service.cancel(input.params.ScheduleId, input.params.BackfillId, input.query, change),
        ),
    ),
  ];
}

function toFound(backfill: Backfill): Answer {
  return { status: 200, body: backfill };
}

function toCreated(backfill: Backfill): Answer {
  const location = `/ailbl/admin/schedules/${backfill.schedule_id}/backfills/${backfill.id}`;
  return { status: 201, body: backfill, headers: { location } };
}
