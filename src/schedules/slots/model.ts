import { idField, instantField, timeField } from "../../platform/resource/fields.ts";
import { z } from "../../platform/resource/schema.ts";
import { activeSchema, savedTriggerSchema, triggerSchema } from "../../timing/model.ts";
import { policyChangeSchema, policySchema } from "../policy.ts";

export const previewSchema = z
  .strictObject({
    trigger: triggerSchema,
    active: activeSchema.nullable().default(null),
    policy: policyChangeSchema.default({}),
    from: instantField.optional().openapi({ description: "Instants after this time. Default: now." }),
    count: z.int().min(1).max(100).default(10),
  })
  .openapi("PreviewTrigger");

/** A parsed request for a preview. */
export type Preview = z.output<typeof previewSchema>;

const nextSlots = z.array(z.object({ slot: timeField }));

export const previewAnswerSchema = z
  .object({ trigger: savedTriggerSchema, active: activeSchema.nullable(), policy: policySchema, next: nextSlots })
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

const pastSlot = z.union([
  z.object({ slot: timeField, session_id: idField.nullable(), reason: z.string().nullable() }),
  z.object({ from: timeField, to: timeField, session_id: z.null(), reason: z.string() }),
]);

export const slotsSchema = z.object({ next: nextSlots, past: z.array(pastSlot) }).openapi("Slots", {
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
