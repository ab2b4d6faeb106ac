import { answerChange } from "../platform/http/answer-change.ts";
import { created, ok } from "../platform/http/answers.ts";
import { type Answer, defineRoute, type Route, type RouteInput } from "../platform/http/route.ts";
import type { Change } from "../platform/resource/change.ts";
import { pathId } from "../platform/resource/fields.ts";
import { pageSchema, parsePageStart, toPageAnswer } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import {
  type Bulk,
  type BulkPreview,
  bulkPreviewSchema,
  bulkSchedulesSchema,
  bulkSchema,
  bulkSessionsSchema,
  listBulksSchema,
} from "./model.ts";
import { type BulkService, toBulk } from "./service.ts";

const base = "/ailbl/admin/bulk";
const tag = "bulk";
const bulkParams = z.object({ BulkId: pathId("bulk action") });
const bulkAnswer = { description: "The bulk action", schema: bulkSchema };
const answers = {
  200: { description: "The answer to a dry run: the objects that would be changed", schema: bulkPreviewSchema },
  202: { description: "The bulk action has begun: read its progress at the Location", schema: bulkSchema },
};

/** The bulk routes. Register them before `/sessions/{SessionId}` and `/schedules/{ScheduleId}`, which would match `bulk` as an id. */
export function createBulkRoutes(service: BulkService): Route[] {
  return [
    defineRoute(
      {
        method: "POST",
        path: "/ailbl/admin/sessions/bulk",
        operationId: "bulkSessions",
        tag,
        summary: "Cancel or retry all sessions that match a filter",
        description:
          "Refused if the filter matches another number than expected_total. With `dry_run` nothing is changed. A session that cannot be changed does not stop the others.",
        role: "operator",
        body: bulkSessionsSchema,
        answers,
        failures: ["BULK_TOTAL_CONFLICT"],
        idempotent: true,
      },
      (input) => answerBulk(input, service.previewSessions, service.createForSessions),
    ),
    defineRoute(
      {
        method: "POST",
        path: "/ailbl/admin/schedules/bulk",
        operationId: "bulkSchedules",
        tag,
        summary: "Enable, disable or trigger all schedules that match a filter",
        description:
          "Refused if the filter matches another number than expected_total. With `dry_run` nothing is changed. A schedule that cannot be changed does not stop the others.",
        role: "operator",
        body: bulkSchedulesSchema,
        answers,
        failures: ["BULK_TOTAL_CONFLICT"],
        idempotent: true,
      },
      (input) => answerBulk(input, service.previewSchedules, service.createForSchedules),
    ),
    defineRoute(
      {
        method: "GET",
        path: base,
        operationId: "listBulks",
        tag,
        summary: "List bulk actions",
        description: "Of sessions and of schedules, oldest first unless `asc` is false.",
        role: "viewer",
        query: listBulksSchema,
        answers: { 200: { description: "One page", schema: pageSchema(bulkSchema) } },
        failures: [],
      },
      async ({ query, url, cursors }) =>
        toPageAnswer({
          query,
          url,
          cursors,
          page: await service.list(query, parsePageStart(query, cursors)),
          toItem: toBulk,
          toKey: (row) => ({ value: row.created.toISOString(), id: row.id }),
        }),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/{BulkId}`,
        operationId: "getBulk",
        tag,
        summary: "Read a bulk action and its progress",
        description: "Counts the objects at each request; only the first failures are listed.",
        role: "viewer",
        params: bulkParams,
        answers: { 200: bulkAnswer },
        failures: ["BULK_NOT_FOUND"],
      },
      async ({ params }) => ok(await service.find(params.BulkId)),
    ),
    defineRoute(
      {
        method: "POST",
        path: `${base}/{BulkId}/cancel`,
        operationId: "cancelBulk",
        tag,
        summary: "Stop a bulk action",
        description: "Changes that were made stay. A second cancel changes nothing.",
        role: "operator",
        params: bulkParams,
        answers: { 200: bulkAnswer },
        failures: ["BULK_NOT_FOUND"],
      },
      (input) => answerChange(input, ok<Bulk>, (change) => service.cancel(input.params.BulkId, change)),
    ),
  ];
}

/** Answers 200 to a dry run, and 202 to a bulk action. */
function answerBulk<Body extends { readonly dry_run: boolean }>(
  input: RouteInput<unknown, unknown, Body>,
  preview: (body: Body, change: Change<BulkPreview>) => Promise<BulkPreview>,
  create: (body: Body, change: Change<Bulk>) => Promise<Bulk>,
): Promise<Answer> {
  const { body } = input;
  return body.dry_run
    ? answerChange(input, ok<BulkPreview>, (change) => preview(body, change))
    : answerChange(input, toAccepted, (change) => create(body, change));
}

function toAccepted(bulk: Bulk): Answer {
  return { ...created(`${base}/${bulk.id}`, bulk), status: 202 };
}
