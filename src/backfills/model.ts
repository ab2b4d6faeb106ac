import { idField, instantField, timeField } from "../platform/resource/fields.ts";
import { booleanParameter, pageParameters } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { sessionStates } from "../sessions/states.ts";

/** Also the number of sessions that one transaction may open. */
const maxParallel = 100;

/** The body of `POST …/schedules/{ScheduleId}/backfill`. */
export const createBackfillSchema = z
  .strictObject({
    from: instantField.openapi({ description: "Included: slots from this instant on." }),
    to: instantField.openapi({ description: "Excluded. Must not be after now: a backfill runs past slots only." }),
    max_parallel: z
      .int()
      .min(1, `must be 1 to ${maxParallel}`)
      .max(maxParallel, `must be 1 to ${maxParallel}`)
      .default(1)
      .openapi({ description: "How many sessions of the backfill may be unfinished at a time." }),
  })
  .refine(({ from, to }) => from < to, { path: ["to"], message: "must be after from" })
  .openapi("CreateBackfill", { description: "A past time span whose slots are run." });

/** A parsed {@link createBackfillSchema}. */
export type CreateBackfill = z.output<typeof createBackfillSchema>;

/** A backfill as the API shows it. */
export const backfillSchema = z
  .object({
    id: idField,
    schedule_id: idField.describe("The schedule whose slots are run."),
    schedule_name: z.string().describe("The name of the schedule when the backfill was created."),
    from: timeField.describe("Included: slots from this instant on."),
    to: timeField.describe("Excluded: slots before this instant."),
    max_parallel: z.int().describe("How many of its sessions may be unfinished at a time."),
    state: z.enum(["running", "done", "canceled"]).openapi({
      description: "`done`: every slot has its session, and all sessions have ended, with success or not.",
    }),
    reason: z.string().nullable().openapi({
      description: "Why it is canceled: `canceled` (by a person) or `schedule_deleted`; null unless it is.",
    }),
    next_from: timeField.nullable().openapi({
      description: "The earliest slot that may be opened next; null if all are opened.",
    }),
    opened: z.int().openapi({ description: "Sessions opened so far." }),
    sessions: z.partialRecord(z.enum(sessionStates), z.int()).openapi({
      type: "object",
      additionalProperties: { type: "integer" },
      description: "Number of its sessions by state; states without a session are left out.",
    }),
    created: timeField.describe("When the backfill was created."),
    created_by: z.string().describe("The caller that created it."),
    ended: timeField.nullable().describe("When it was done or canceled; null while it is running."),
  })
  .openapi("Backfill", { description: "A request to run the past slots of a schedule, and its progress." });

/** A parsed {@link backfillSchema}. */
export type Backfill = z.infer<typeof backfillSchema>;

/** The query of `GET …/backfills`. */
export const listBackfillsSchema = z.strictObject(pageParameters(["created"]));

/** A parsed {@link listBackfillsSchema}. */
export type ListBackfills = z.output<typeof listBackfillsSchema>;

/** The query of `POST …/backfills/{BackfillId}/cancel`. */
export const cancelBackfillSchema = z.strictObject({
  running: booleanParameter
    .default(false)
    .openapi({ type: "boolean", default: false, description: "Also cancel the sessions of the backfill that run." }),
});
