import { defineRoute, type Route } from "../platform/http/route.ts";
import { foldCase } from "../platform/resource/fields.ts";
import { pageSchema, toPageAnswer } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { scheduleFilterNames } from "../schedules/filters.ts";
import { timelineQuerySchema, timelineRowSchema } from "./model.ts";
import type { TimelineService } from "./service.ts";

export function createTimelineRoutes(service: TimelineService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: "/ailbl/admin/timeline",
        operationId: "getTimeline",
        tag: "schedules",
        summary: "What many schedules did, and what they will, between two times",
        description: "One row a schedule, by name. What is left out of a row is marked, never silent.",
        role: "viewer",
        params: z.strictObject({}),
        query: timelineQuerySchema,
        filters: scheduleFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(timelineRowSchema) } },
        failures: [],
      },
      async ({ query, url }) =>
        toPageAnswer({
          query,
          url,
          page: await service.list(query),
          toItem: (row) => row,
          toKey: ({ schedule }) => ({ value: foldCase(schedule.name), id: schedule.id }),
        }),
    ),
  ];
}
