import { idField, instantField, timeField } from "../../platform/resource/fields.ts";
import { z } from "../../platform/resource/schema.ts";
import { activeSchema, savedTriggerSchema, triggerSchema } from "../../timing/model.ts";
import { policyChangeSchema, policySchema } from "../policy.ts";

export const previewSchema = z
  .strictObject({
    trigger: triggerSchema,
    active: activeSchema.nullable().default(null),
    policy: policyChangeSchema.default({}),
    from: instantField.optional().openapi({ description: "Instants after this; now unless given." }),
    count: z.int().min(1).max(100).default(10),
  })
  .openapi("PreviewTrigger");

export type Preview = z.output<typeof previewSchema>;

const nextSlots = z.array(z.object({ slot: timeField }));

export const previewAnswerSchema = z
  .object({ trigger: savedTriggerSchema, active: activeSchema.nullable(), policy: policySchema, next: nextSlots })
  .openapi("TriggerPreview", { description: "What would be kept, and the next instants." });

export const slotsQuerySchema = z.strictObject({
  count: z
    .string()
    .regex(/^([1-9]\d?|100)$/, "wants a whole number from 1 to 100")
    .transform(Number)
    .default(10)
    .openapi({ type: "integer", minimum: 1, maximum: 100, default: 10, description: "How many of each at most." }),
});

const pastSlot = z.union([
  z.object({ slot: timeField, session_id: idField.nullable(), reason: z.string().nullable() }),
  z.object({ from: timeField, to: timeField, session_id: z.null(), reason: z.string() }),
]);

export const slotsSchema = z
  .object({ next: nextSlots, past: z.array(pastSlot) })
  .openapi("Slots", { description: "Past ones newest first; a stretch that did not run stands as from and to." });

export type Slots = z.infer<typeof slotsSchema>;
/** Why an instant became no session. `edited`: the trigger was changed before a scan had looked at it. */

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
export type SkipReason = (typeof skipReasons)[number];
