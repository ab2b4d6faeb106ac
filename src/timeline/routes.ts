import { defineRoute, type Route } from "../platform/http/route.ts";
import { foldCase } from "../platform/resource/fields.ts";
import { pageSchema, parsePageStart, toPageAnswer } from "../platform/resource/paging.ts";
import { scheduleFilterNames } from "../schedules/filters.ts";
import { timelineQuerySchema, timelineRowSchema } from "./model.ts";
import type { TimelineService } from "./service.ts";

/** Read the timeline. */
export function createTimelineRoutes(service: TimelineService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: "/ailbl/admin/timeline",
        operationId: "getTimeline",
        tag: "schedules",
        summary: "Read the past and expected slots of many schedules between two times",
        description: "One row for each schedule, by name. A row with missing entries is marked as truncated.",
        role: "viewer",
        query: timelineQuerySchema,
        filters: scheduleFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(timelineRowSchema) } },
        failures: [],
      },
      async ({ query, url, cursors }) =>
        toPageAnswer({
          query,
          url,
          cursors,
          page: await service.list(query, parsePageStart(query, cursors)),
          toItem: (row) => row,
          toKey: ({ schedule }) => ({ value: foldCase(schedule.name), id: schedule.id }),
        }),
    ),
  ];
}
