import { kindParameter } from "../kinds/parameter.ts";
import { idParameter, objectFilters, pageParameters, timeParameter } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { scheduleStateField, scheduleStates } from "./model.ts";

/** The orders of the list; the first is the default. */
export const scheduleSorts = ["name", "enable", "created", "modified", "next_due_at"] as const;

/** The filters of the list, of bulk actions and of the timeline. */
export const scheduleFilters = {
  ...objectFilters,
  state: z
    .array(scheduleStateField)
    .max(scheduleStates.length)
    .optional()
    .describe("Schedules in one of these states."),
  kind: z.array(kindParameter).max(10).optional().describe("Schedules of one of these kinds."),
  storage_id: z.array(idParameter).max(100).optional().describe("Schedules that work on one of these storages."),
  due_before: timeParameter.optional().describe("Schedules whose next slot is before this time."),
};

/** For a route's `filters`: these parameters are also accepted as `filter[name]`. */
export const scheduleFilterNames = Object.keys(scheduleFilters);

export const listSchedulesSchema = z.strictObject({ ...scheduleFilters, ...pageParameters(scheduleSorts) });

/** The filters of a parsed request. */
export type ScheduleFilter = Omit<ListSchedules, keyof ReturnType<typeof pageParameters>>;

/** A parsed request for a page of schedules. */
export type ListSchedules = z.output<typeof listSchedulesSchema>;
