import { answerChange } from "../platform/http/answer-change.ts";
import { type Answer, defineRoute, type Route } from "../platform/http/route.ts";
import { pageSchema, toPageAnswer } from "../platform/resource/paging.ts";
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
const none = z.strictObject({});
const bulkParams = z.object({ BulkId: z.string() });
const bulkAnswer = { description: "The bulk action", schema: bulkSchema };
const answers = {
  200: { description: "Of a dry run: what would be acted on", schema: bulkPreviewSchema },
  202: { description: "It is being carried out: watch it at its location", schema: bulkSchema },
};

/** Both creating routes stand before those with an id, which `bulk` would be taken for. */
export function createBulkRoutes(service: BulkService): Route[] {
  return [
    defineRoute(
      {
        method: "POST",
        path: "/ailbl/admin/sessions/bulk",
        operationId: "bulkSessions",
        tag,
        summary: "Cancel or retry all sessions that a filter finds",
        description: "Refused when it finds another number than expected. A session that refuses it holds up no other.",
        role: "operator",
        params: none,
        query: none,
        body: bulkSessionsSchema,
        answers,
        failures: ["BULK_TOTAL_CONFLICT"],
        idempotent: true,
      },
      (input) =>
        input.body.dry_run
          ? answerChange(input, toPreviewed, (change) => service.previewSessions(input.body, change))
          : answerChange(input, toAccepted, (change) => service.createForSessions(input.body, change)),
    ),
    defineRoute(
      {
        method: "POST",
        path: "/ailbl/admin/schedules/bulk",
        operationId: "bulkSchedules",
        tag,
        summary: "Enable, disable or trigger all schedules that a filter finds",
        description:
          "Refused when it finds another number than expected. A schedule that refuses it holds up no other.",
        role: "operator",
        params: none,
        query: none,
        body: bulkSchedulesSchema,
        answers,
        failures: ["BULK_TOTAL_CONFLICT"],
        idempotent: true,
      },
      (input) =>
        input.body.dry_run
          ? answerChange(input, toPreviewed, (change) => service.previewSchedules(input.body, change))
          : answerChange(input, toAccepted, (change) => service.createForSchedules(input.body, change)),
    ),
    defineRoute(
      {
        method: "GET",
        path: base,
        operationId: "listBulks",
        tag,
        summary: "List bulk actions",
        role: "viewer",
        params: none,
        query: listBulksSchema,
        answers: { 200: { description: "One page", schema: pageSchema(bulkSchema) } },
        failures: [],
      },
      async ({ query, url }) =>
        toPageAnswer({
          query,
          url,
          page: await service.list(query),
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
        summary: "Read how far a bulk action has come",
        role: "viewer",
        params: bulkParams,
        query: none,
        answers: { 200: bulkAnswer },
        failures: ["BULK_NOT_FOUND"],
      },
      async ({ params }) => ({ status: 200, body: await service.find(params.BulkId) }),
    ),
    defineRoute(
      {
        method: "POST",
        path: `${base}/{BulkId}/cancel`,
        operationId: "cancelBulk",
        tag,
        summary: "Stop a bulk action",
        description: "What is done stays done. Again: it changes nothing.",
        role: "operator",
        params: bulkParams,
        query: none,
        answers: { 200: bulkAnswer },
        failures: ["BULK_NOT_FOUND"],
      },
      (input) => answerChange(input, toFound, (change) => service.cancel(input.params.BulkId, change)),
    ),
  ];
}

function toFound(bulk: Bulk): Answer {
  return { status: 200, body: bulk };
}

function toPreviewed(preview: BulkPreview): Answer {
  return { status: 200, body: preview };
}

function toAccepted(bulk: Bulk): Answer {
  return { status: 202, body: bulk, headers: { location: `${base}/${bulk.id}` } };
}
