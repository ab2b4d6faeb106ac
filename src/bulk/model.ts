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

const filterDescription =
  "As the parameters of the list, with at least one field; fields must all match, and a value stands for a list of one.";

const hasTotal = ({ dry_run, expected_total }: { dry_run: boolean; expected_total?: number | undefined }) =>
  dry_run || expected_total !== undefined;
const needsTotal = {
  path: ["expected_total"],
  message: "is required unless dry_run: send a dry run first, which returns the total",
};

/** The body of `POST /sessions/bulk`. */
export const bulkSessionsSchema = z
  .strictObject({
    action: z
      .enum(sessionActions)
      .describe("cancel: end the sessions; retry: open a new session for each that did not succeed."),
    filter: toJsonFilter(sessionFilters).openapi("SessionFilter", { description: filterDescription }),
    ...commonFields,
  })
  .refine(hasTotal, needsTotal)
  .openapi("BulkSessions", { description: "An action on all sessions that match a filter." });

/** A parsed {@link bulkSessionsSchema}. */
export type BulkSessions = z.output<typeof bulkSessionsSchema>;

/** The body of `POST /schedules/bulk`. */
export const bulkSchedulesSchema = z
  .strictObject({
    action: z.enum(scheduleActions).describe("trigger: open a session for each schedule, due now."),
    filter: toJsonFilter(scheduleFilters).openapi("ScheduleFilter", { description: filterDescription }),
    note: noteSchema.shape.note.describe(
      "Why, for other people: kept with the action, and as the note of disabled schedules.",
    ),
    ...commonFields,
  })
  .refine(hasTotal, needsTotal)
  .openapi("BulkSchedules", { description: "An action on all schedules that match a filter." });

/** A parsed {@link bulkSchedulesSchema}. */
export type BulkSchedules = z.output<typeof bulkSchedulesSchema>;

const bulkObjectSchema = z
  .object({
    id: idField,
    name: z.string().describe("The schedule's name, also for a session."),
    state: z.string().openapi({ description: "The state of the session or schedule.", example: "failed" }),
  })
  .openapi("BulkObject", { description: "A session or schedule that matches the filter." });

const bulkFailureSchema = z
  .object({
    id: idField.describe("The session or schedule that was not changed."),
    code: z.string().openapi({ description: "The code of the error.", example: "SESSION_STATE_CONFLICT" }),
    message: z.string().describe("For people: why it was not changed."),
  })
  .openapi("BulkFailure", { description: "An object that could not be changed." });

/** The answer to a dry run. */
export const bulkPreviewSchema = z
  .object({
    total: z.int().describe("Number of objects that match the filter: the `expected_total` of the action."),
    sample: z
      .array(bulkObjectSchema)
      .max(maxShown)
      .openapi({ description: `The first objects, at most ${maxShown}, in the order in which they would be changed.` }),
  })
  .openapi("BulkPreview", { description: "The objects that a bulk action would change." });

/** A parsed {@link bulkPreviewSchema}. */
export type BulkPreview = z.infer<typeof bulkPreviewSchema>;

/** A bulk action as the API shows it. */
export const bulkSchema = z
  .object({
    id: idField,
    kind: z.enum(["session", "schedule"]).describe("The kind of its objects."),
    action: z.enum(bulkActions).describe("The action on each object."),
    filter: z
      .record(z.string(), z.unknown())
      .openapi({ type: "object", description: "The filter of the request.", example: { state: ["failed"] } }),
    note: z.string().nullable().describe("The note of the request; null if it had none."),
    state: z
      .enum(["running", "done", "canceled"])
      .describe("done: each object was changed or has failed; canceled: a person stopped it."),
    cancelable: z.boolean().describe("Whether a cancel would still stop it: true while it is running."),
    total: z.int().openapi({ description: "Number of objects; does not change after the creation." }),
    done: z.int().describe("Number of objects that were changed."),
    failed: z.int().describe("Number of objects that could not be changed."),
    waiting: z.int().describe("Number of objects that are left; after a cancel they stay unchanged."),
    failures: z
      .array(bulkFailureSchema)
      .max(maxShown)
      .openapi({ description: `The first objects that failed, at most ${maxShown}, and why.` }),
    created: timeField.describe("When the action was requested."),
    created_by: z.string().describe("The caller that requested it."),
    ended: timeField.nullable().describe("When it was done or canceled; null while it is running."),
  })
  .openapi("Bulk", { description: "One action on many objects, and its progress." });

/** A parsed {@link bulkSchema}. */
export type Bulk = z.infer<typeof bulkSchema>;

/** The query of `GET /bulk`. */
export const listBulksSchema = z.strictObject(pageParameters(["created"]));

/** A parsed {@link listBulksSchema}. */
export type ListBulks = z.output<typeof listBulksSchema>;
