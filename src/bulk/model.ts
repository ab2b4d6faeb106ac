import { idField, timeField } from "../platform/resource/fields.ts";
import { pageParameters } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { scheduleFilters } from "../schedules/filters.ts";
import { noteSchema } from "../schedules/model.ts";
import { sessionFilters } from "../sessions/model.ts";
import { toJsonFilter } from "./filter.ts";

/** What is acted on is written down at once, in one transaction. */
const mostItems = 100_000;

/** How many objects a dry run shows, and how many failures a bulk action tells. */
export const mostShown = 100;

const commonFields = {
  expected_total: z
    .int()
    .min(0)
    .max(mostItems, `wants at most ${mostItems}: narrow the filter, and go on with the rest afterwards`)
    .optional()
    .openapi({ description: "How many the filter is to find, not one more or less. Required unless dry_run." }),
  dry_run: z.boolean().default(false).openapi({ description: "Only tell what would be acted on." }),
};

const hasTotal = ({ dry_run, expected_total }: { dry_run: boolean; expected_total?: number | undefined }) =>
  dry_run || expected_total !== undefined;
const needsTotal = { path: ["expected_total"], message: "is required unless dry_run: ask with dry_run first" };

export const bulkSessionsSchema = z
  .strictObject({ action: z.enum(["cancel", "retry"]), filter: toJsonFilter(sessionFilters), ...commonFields })
  .refine(hasTotal, needsTotal)
  .openapi("BulkSessions");

export type BulkSessions = z.output<typeof bulkSessionsSchema>;

/** No delete: what is gone is gone, and an admin deletes schedules one by one. */
export const bulkSchedulesSchema = z
  .strictObject({
    action: z.enum(["enable", "disable", "trigger"]),
    filter: toJsonFilter(scheduleFilters),
    note: noteSchema.shape.note,
    ...commonFields,
  })
  .refine(hasTotal, needsTotal)
  .openapi("BulkSchedules");

export type BulkSchedules = z.output<typeof bulkSchedulesSchema>;

export type BulkAction = BulkSessions["action"] | BulkSchedules["action"];

export const bulkPreviewSchema = z
  .object({
    total: z.int(),
    sample: z
      .array(z.object({ id: idField, name: z.string(), state: z.string() }))
      .max(mostShown)
      .openapi({ description: "The first of them, in the order of work." }),
  })
  .openapi("BulkPreview");

export type BulkPreview = z.infer<typeof bulkPreviewSchema>;

export const bulkSchema = z
  .object({
    id: idField,
    kind: z.enum(["session", "schedule"]),
    action: z.enum(["cancel", "retry", "enable", "disable", "trigger"]),
    filter: z.record(z.string(), z.unknown()).openapi({ type: "object" }),
    note: z.string().nullable(),
    state: z.enum(["running", "done", "canceled"]),
    cancelable: z.boolean(),
    total: z.int().openapi({ description: "How many are acted on; fixed when it was made." }),
    done: z.int(),
    failed: z.int(),
    waiting: z.int(),
    failures: z
      .array(z.object({ id: idField, code: z.string(), message: z.string() }))
      .max(mostShown)
      .openapi({ description: "The first of those that failed, and why." }),
    created: timeField,
    created_by: z.string(),
    ended: timeField.nullable(),
  })
  .openapi("Bulk");

export type Bulk = z.infer<typeof bulkSchema>;

export const listBulksSchema = z.strictObject(pageParameters(["created"]));

export type ListBulks = z.output<typeof listBulksSchema>;
