import { idField, instantField, timeField } from "../platform/resource/fields.ts";
import { booleanParameter, pageParameters } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { sessionStates } from "../sessions/states.ts";

/** Also how many sessions one transaction opens at most. */
const greatestParallel = 100;

export const createBackfillSchema = z
  .strictObject({
    from: instantField.openapi({ description: "The first instant that a slot may have." }),
    to: instantField.openapi({ description: "Excluded; not after now, since only slots that are over are filled." }),
    max_parallel: z
      .int()
      .min(1, "wants 1 to 100")
      .max(greatestParallel, `wants 1 to ${greatestParallel}`)
      .default(1)
      .openapi({ description: "How many of its sessions may be unfinished at any time." }),
  })
  .refine(({ from, to }) => from < to, { path: ["to"], message: "must be after from" })
  .openapi("CreateBackfill");

export type CreateBackfill = z.output<typeof createBackfillSchema>;

export const backfillSchema = z
  .object({
    id: idField,
    schedule_id: idField,
    schedule_name: z.string(),
    from: timeField,
    to: timeField,
    max_parallel: z.int(),
    state: z
      .enum(["running", "done", "canceled"])
      .openapi({ description: "Done: every slot has its session, and each session has ended, well or not." }),
    reason: z.string().nullable().openapi({ description: "Why it was canceled: canceled, schedule_deleted." }),
    next_from: timeField.nullable().openapi({
      description: "Where the next slot is looked for; null when there is none more to open.",
    }),
    opened: z.int().openapi({ description: "How many sessions it has opened." }),
    sessions: z.partialRecord(z.enum(sessionStates), z.int()).openapi({
      type: "object",
      additionalProperties: { type: "integer" },
      description: "How many are in which state.",
    }),
    created: timeField,
    created_by: z.string(),
    ended: timeField.nullable(),
  })
  .openapi("Backfill");

export type Backfill = z.infer<typeof backfillSchema>;

export const listBackfillsSchema = z.strictObject(pageParameters(["created"]));

export type ListBackfills = z.output<typeof listBackfillsSchema>;

export const cancelBackfillSchema = z.strictObject({
  running: booleanParameter
    .default(false)
    .openapi({ type: "boolean", default: false, description: "Also end its sessions that run." }),
});
