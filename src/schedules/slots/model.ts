import { idField, instantField, timeField } from "../../platform/resource/fields.ts";
import { z } from "../../platform/resource/schema.ts";
import { activeSchema, savedTriggerSchema, triggerSchema } from "../../timing/model.ts";
import { policyChangeSchema, policySchema } from "../policy.ts";

export const previewSchema = z
  .strictObject({
    trigger: triggerSchema,
    active: activeSchema.nullable().openapi({ description: "Null: no window, always active." }).default(null),
    policy: policyChangeSchema
      .default({})
      .openapi({ description: "Only the fields about daylight saving matter here." }),
    from: instantField.optional().openapi({ description: "Instants after this time. Default: now." }),
    count: z.int().min(1).max(100).default(10).describe("At most this many instants."),
  })
  .openapi("PreviewTrigger", { description: "A trigger as in a schedule, and the instants to list." });

/** A parsed request for a preview. */
export type Preview = z.output<typeof previewSchema>;

const nextSlot = z
  .object({ slot: timeField.describe("The nominal instant, without the delay of `spread_seconds`.") })
  .openapi("NextSlot", { description: "A slot in the future." });

const nextSlots = z.array(nextSlot).describe("Earliest first; fewer than `count` if the trigger has no more.");

export const previewAnswerSchema = z
  .object({
    trigger: savedTriggerSchema,
    active: activeSchema.nullable().openapi({ description: "Null: no window, always active." }),
    policy: policySchema,
    next: nextSlots,
  })
  .openapi("TriggerPreview", { description: "The trigger as it would be saved, and its next instants." });

export const slotsQuerySchema = z.strictObject({
  count: z
    .string()
    .regex(/^([1-9]\d?|100)$/, "must be a whole number from 1 to 100")
    .transform(Number)
    .default(10)
    .openapi({
      type: "integer",
      minimum: 1,
      maximum: 100,
      default: 10,
      description: "At most this many next slots, and this many past entries.",
    }),
});

const pastSlot = z
  .object({
    slot: timeField.optional().describe("The slot; absent in a stretch."),
    from: timeField.optional().describe("The first slot of a stretch."),
    to: timeField.optional().describe("The last slot of a stretch."),
    session_id: idField.nullable().describe("The session of the slot, if there is one."),
    reason: z
      .string()
      .nullable()
      .describe("Why the slot became no session, such as missed_window or overlap; null if it has a session."),
  })
  .openapi("PastSlot", { description: "A slot (`slot`), or a stretch of slots that did not run (`from`, `to`)." });

export const slotsSchema = z
  .object({ next: nextSlots, past: z.array(pastSlot).describe("At most `count` entries, newest first.") })
  .openapi("Slots", {
    description: "Past entries are newest first. Slots that did not run are one entry, from and to.",
  });

/** Next and past slots of a schedule. */
export type Slots = z.infer<typeof slotsSchema>;

/**
 * Why a slot became no session.
 *
 * | reason | the slot |
 * | --- | --- |
 * | missed_window | was missed, and is older than `catch_up_seconds` |
 * | misfire_policy | was missed, and `misfire` or `max_catch_up` excludes it |
 * | overlap | came while another session was under way, or waited for room in its engine |
 * | paused | came while the schedule was disabled |
 * | edited | was due before an edit of the timing, and no scan had looked at it |
 * | max_sessions | came after the last session of `max_sessions` |
 * | quota | reserved: no code records it yet |
 * | dst_gap | is in a gap, and `dst_gap` is `skip` |
 */
export const skipReasons = [
  "missed_window",
  "misfire_policy",
  "overlap",
  "paused",
  "edited",
  "max_sessions",
  "quota",
  "dst_gap",
] as const;
/** See {@link skipReasons}. */
export type SkipReason = (typeof skipReasons)[number];
