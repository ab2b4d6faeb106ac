import { answerChange } from "../platform/http/answer-change.ts";
import { created, ok } from "../platform/http/answers.ts";
import { type Answer, defineRoute, type Route } from "../platform/http/route.ts";
import { pathId } from "../platform/resource/fields.ts";
import { pageSchema, parsePageStart, toPageAnswer } from "../platform/resource/paging.ts";
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
const scheduleParams = z.object({ ScheduleId: pathId("schedule") });
const backfillParams = z.object({ ScheduleId: pathId("schedule"), BackfillId: pathId("backfill") });
const backfillAnswer = { description: "The backfill", schema: backfillSchema };

/** `…/schedules/{ScheduleId}/backfill` and `…/backfills`. */
export function createBackfillRoutes(service: BackfillService): Route[] {
  return [
    defineRoute(
      {
        method: "POST",
        path: `${base}/backfill`,
        operationId: "createBackfill",
        tag,
        summary: "Run the slots of a past interval",
        description:
          "Slots that have run before run again, and the schedule may be disabled. Sessions are opened oldest slot first, `max_parallel` at a time.",
        role: "admin",
        params: scheduleParams,
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
        description: "Oldest first unless `asc` is false.",
        role: "viewer",
        params: scheduleParams,
        query: listBackfillsSchema,
        answers: { 200: { description: "One page", schema: pageSchema(backfillSchema) } },
        failures: ["SCHEDULE_NOT_FOUND"],
      },
      async ({ params, query, url, cursors }) =>
        toPageAnswer({
          query,
          url,
          cursors,
          page: await service.list(params.ScheduleId, query, parsePageStart(query, cursors)),
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
        summary: "Read a backfill and its progress",
        description: "Its sessions are listed by `backfill_id` of the sessions.",
        role: "viewer",
        params: backfillParams,
        answers: { 200: backfillAnswer },
        failures: ["BACKFILL_NOT_FOUND"],
      },
      async ({ params }) => ok(await service.find(params.ScheduleId, params.BackfillId)),
    ),
    defineRoute(
      {
        method: "POST",
        path: `${base}/backfills/{BackfillId}/cancel`,
        operationId: "cancelBackfill",
        tag,
        summary: "Cancel a backfill",
        description:
          "Ends sessions that wait. Sessions that run go on, unless `running` is true. A second cancel changes nothing.",
        role: "operator",
        params: backfillParams,
        query: cancelBackfillSchema,
        answers: { 200: backfillAnswer },
        failures: ["BACKFILL_NOT_FOUND"],
      },
      (input) =>
        answerChange(input, ok<Backfill>, (change) =>
          service.cancel(input.params.ScheduleId, input.params.BackfillId, input.query, change),
        ),
    ),
  ];
}

function toCreated(backfill: Backfill): Answer {
  return created(`/ailbl/admin/schedules/${backfill.schedule_id}/backfills/${backfill.id}`, backfill);
}
