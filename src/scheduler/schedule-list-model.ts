import {
  booleanParameter,
  idParameter,
  keywordParameter,
  labelParameter,
  pageParameters,
  timeParameter,
} from "../platform/http/paging.ts";
import { z } from "../platform/http/schema.ts";
import { kinds } from "./kinds/kinds.ts";

export const scheduleSorts = ["name", "enable", "created", "modified", "next_due_at"] as const;

export const kindParameter = z
  .enum(kinds.map(({ kind }) => String(kind)) as [string, ...string[]], {
    error: `wants one of ${kinds.map(({ kind }) => kind).join(", ")}`,
  })
  .transform(Number)
  .openapi({ type: "integer" });

/** Times are from (included) and to (excluded). */
const scheduleFilters = {
  ids: z.array(idParameter).max(100).optional(),
  keyword: keywordParameter.optional(),
  kind: z.array(kindParameter).max(10).optional(),
  enable: z.array(booleanParameter).max(2).optional(),
  storage_id: z.array(idParameter).max(100).optional(),
  label: z.array(labelParameter).max(16).optional(),
  due_before: timeParameter.optional(),
  created_from: timeParameter.optional(),
  created_to: timeParameter.optional(),
  modified_from: timeParameter.optional(),
  modified_to: timeParameter.optional(),
};

export const scheduleFilterNames = Object.keys(scheduleFilters);

export const listSchedulesSchema = z.strictObject({ ...scheduleFilters, ...pageParameters(scheduleSorts) });

export type ListSchedules = z.output<typeof listSchedulesSchema>;
