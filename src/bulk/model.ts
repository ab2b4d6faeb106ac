import { idField, timeField } from "../platform/resource/fields.ts";
import { pageParameters } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { scheduleFilters } from "../schedules/filters.ts";
import { noteSchema } from "../schedules/model.ts";
import { sessionFilters } from "../sessions/model.ts";
import { toJsonFilter } from "./json-filter.ts";

/** Items per bulk action. One transaction writes them all. */
const maxItems = 100_000;

/** How many objects a dry run shows, and how many failures a bulk action lists. */
export const maxShown = 100;

const sessionActions = ["cancel", "retry"] as const;

/** No delete: it cannot be undone, so an admin deletes schedules one by one. */
const scheduleActions = ["enable", "disable", "trigger"] as const;

/** Every action, of sessions and of schedules. */
const bulkActions = [...sessionActions, ...scheduleActions] as const;

/** An action on sessions or on schedules. */
export type BulkAction = (typeof bulkActions)[number];

const commonFields = {
  expected_total: z
    .int()
    .min(0)
    .max(maxItems, `must be at most ${maxItems}: narrow the filter, and act on the rest afterwards`)
    .optional()
    .openapi({ description: "The exact number of objects that the filter must match. Required unless dry_run." }),
  dry_run: z.boolean().default(false).openapi({ description: "Only return the objects that would be changed." }),
};

const hasTotal = ({ dry_run, expected_total }: { dry_run: boolean; expected_total?: number | undefined }) =>
  dry_run || expected_total !== undefined;
const needsTotal = {
  path: ["expected_total"],
  message: "is required unless dry_run: send a dry run first, which returns the total",
};

/** The body of `POST /sessions/bulk`. */
export const bulkSessionsSchema = z
  .strictObject({ action: z.enum(sessionActions), filter: toJsonFilter(sessionFilters), ...commonFields })
  .refine(hasTotal, needsTotal)
  .openapi("BulkSessions");

/** A parsed {@link bulkSessionsSchema}. */
export type BulkSessions = z.output<typeof bulkSessionsSchema>;

/** The body of `POST /schedules/bulk`. */
export const bulkSchedulesSchema = z
  .strictObject({
    action: z.enum(scheduleActions),
    filter: toJsonFilter(scheduleFilters),
    note: noteSchema.shape.note,
    ...commonFields,
  })
  .refine(hasTotal, needsTotal)
  .openapi("BulkSchedules");

/** A parsed {@link bulkSchedulesSchema}. */
export type BulkSchedules = z.output<typeof bulkSchedulesSchema>;

/** The answer to a dry run. */
export const bulkPreviewSchema = z
  .object({
    total: z.int(),
    sample: z
      .array(z.object({ id: idField, name: z.string(), state: z.string() }))
      .max(maxShown)
      .openapi({ description: "The first objects, in the order in which they would be changed." }),
  })
  .openapi("BulkPreview");

/** A parsed {@link bulkPreviewSchema}. */
export type BulkPreview = z.infer<typeof bulkPreviewSchema>;

/** A bulk action as the API shows it. */
export const bulkSchema = z
  .object({
    id: idField,
    kind: z.enum(["session", "schedule"]),
    action: z.enum(bulkActions),
    filter: z.record(z.string(), z.unknown()).openapi({ type: "object" }),
    note: z.string().nullable(),
    state: z.enum(["running", "done", "canceled"]),
    cancelable: z.boolean(),
    total: z.int().openapi({ description: "Number of objects; does not change after the creation." }),
    done: z.int(),
    failed: z.int(),
    waiting: z.int(),
    failures: z
      .array(z.object({ id: idField, code: z.string(), message: z.string() }))
      .max(maxShown)
      .openapi({ description: "The first objects that failed, and why." }),
    created: timeField,
    created_by: z.string(),
    ended: timeField.nullable(),
  })
  .openapi("Bulk");

/** A parsed {@link bulkSchema}. */
export type Bulk = z.infer<typeof bulkSchema>;

/** The query of `GET /bulk`. */
export const listBulksSchema = z.strictObject(pageParameters(["created"]));

/** A parsed {@link listBulksSchema}. */
export type ListBulks = z.output<typeof listBulksSchema>;
