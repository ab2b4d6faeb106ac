import { jobSchema } from "../engines/job.ts";
import { kinds } from "../kinds/kinds.ts";
import {
  descriptionField,
  historyFields,
  idField,
  labelsField,
  nameField,
  timeField,
} from "../platform/resource/fields.ts";
import { booleanParameter } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { sessionErrorSchema } from "../sessions/model.ts";
import { activeSchema, savedTriggerSchema, triggerSchema } from "../timing/model.ts";
import { policyChangeSchema, policySchema } from "./policy.ts";

/** A schedule keeps the engine that it was created with, also when the deployment comes to have another default. */
const engineField = z.string().min(1, "wants the name of an engine").max(63);

const ownerField = z.string().trim().min(1, "wants 1 to 255 characters").max(255);

const createFields = {
  name: nameField,
  description: descriptionField.default(null),
  enable: z.boolean().default(true),
  owner: ownerField.optional().openapi({ description: "Whom pick is fair between; who creates it, unless given." }),
  engine: engineField.optional().openapi({ description: "What runs it; the deployment's default, unless given." }),
  labels: labelsField.default({}),
  trigger: triggerSchema,
  active: activeSchema.nullable().default(null),
  job: jobSchema,
  policy: policyChangeSchema.default({}),
};

const createVariants = kinds.map((kind) =>
  z.strictObject({ ...createFields, kind: z.literal(kind.kind), params: kind.params.prefault({}) }),
);

type CreateVariant = (typeof createVariants)[number];

export const createScheduleSchema = z
  .discriminatedUnion("kind", createVariants as [CreateVariant, ...CreateVariant[]], {
    error: `wants one of the kinds ${kinds.map((kind) => `${kind.kind} (${kind.name})`).join(", ")}`,
  })
  .openapi("CreateSchedule");

export type CreateSchedule = z.output<typeof createScheduleSchema>;

/** `params`, when given, stands for the whole of it and is judged by the schedule's kind. */
export const updateScheduleSchema = z
  .strictObject({
    name: nameField.optional(),
    description: descriptionField.optional(),
    kind: z.int().optional().openapi({ description: "Taken when it is what the schedule has; a kind never changes." }),
    enable: z.boolean().optional(),
    owner: ownerField.optional(),
    engine: engineField.optional(),
    labels: labelsField.optional(),
    trigger: triggerSchema.optional(),
    active: activeSchema.nullable().optional(),
    job: jobSchema.optional(),
    params: z.record(z.string(), z.unknown()).optional(),
    policy: policyChangeSchema.optional(),
  })
  .openapi("UpdateSchedule");

export type UpdateSchedule = z.output<typeof updateScheduleSchema>;

export const noteSchema = z
  .strictObject({ note: z.string().max(4000, "wants at most 4000 characters").nullable().default(null) })
  .openapi("Note");

const disabledSchema = z
  .object({ reason: z.string(), note: z.string().nullable(), by: z.string(), at: timeField })
  .openapi("Disabled");

export type Disabled = z.infer<typeof disabledSchema>;

/** Each schedule is in one of them; `failing` whether it is still enabled or was disabled for it. */
export const scheduleStates = ["ok", "failing", "disabled", "over"] as const;

export type ScheduleState = (typeof scheduleStates)[number];

export const scheduleSchema = z
  .object({
    id: idField,
    name: z.string(),
    description: z.string().nullable(),
    kind: z.int(),
    enable: z.boolean(),
    state: z.enum(scheduleStates).openapi({
      description:
        "ok; failing: its last session failed, or it was disabled for failing; over: nothing is to come; disabled: by somebody.",
    }),
    owner: z.string(),
    engine: z.string().openapi({ description: "What runs its sessions." }),
    labels: z.record(z.string(), z.string()),
    trigger: savedTriggerSchema,
    active: activeSchema.nullable(),
    job: z.object(jobSchema.shape),
    params: z.record(z.string(), z.unknown()),
    policy: policySchema,
    next_due_at: timeField.nullable(),
    last_slot: timeField.nullable(),
    disabled: disabledSchema.nullable(),
    stats: z.object({
      sessions: z.int(),
      succeeded: z.int(),
      failed: z.int(),
      consecutive_failures: z.int(),
      last_error: sessionErrorSchema.nullable(),
    }),
    ...historyFields,
  })
  .openapi("Schedule");

export type Schedule = z.infer<typeof scheduleSchema>;
export const cancelQuerySchema = z.strictObject({
  cancel: booleanParameter
    .default(false)
    .openapi({ type: "boolean", default: false, description: "Also end the sessions that run." }),
});
