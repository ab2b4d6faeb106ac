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
import { activeSchema, dstPolicyFields, keptTriggerSchema, triggerSchema } from "../timing/model.ts";

const daySeconds = 86_400;

const policyFields = {
  overlap: z.enum(["skip", "queue", "allow", "cancel_previous"]).openapi({
    description:
      "What becomes of a slot whose predecessor still runs; of queued slots, one waits. Not for manual sessions.",
  }),
  misfire: z
    .enum(["skip", "latest", "all"])
    .openapi({ description: "Which of the slots run that nobody could start in time." }),
  catch_up_seconds: z
    .int()
    .min(0)
    .max(30 * daySeconds)
    .openapi({ description: "Slots older than this are not caught up." }),
  max_catch_up: z.int().min(1).max(1000).openapi({ description: "Of more missed slots, the newest are kept." }),
  spread_seconds: z.int().min(0).max(daySeconds).openapi({
    description:
      "Sessions start up to so much after their slot, each schedule at a moment of its own, before the next slot.",
  }),
  ...dstPolicyFields,
  max_retries: z.int().min(0).max(100).openapi({ description: "How often a failed run is tried again." }),
  retry_delay_seconds: z
    .int()
    .min(1)
    .max(daySeconds)
    .openapi({ description: "Before the first retry; twice as long before each further one, with a random part." }),
  launch_timeout_seconds: z
    .int()
    .min(1)
    .max(7 * daySeconds)
    .openapi({ description: "How long a launched run may wait in its engine before it starts." }),
  max_runtime_seconds: z
    .int()
    .min(1)
    .max(30 * daySeconds)
    .nullable()
    .openapi({ description: "A run that takes longer is ended." }),
  max_sessions: z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .nullable()
    .openapi({ description: "After so many slots have become sessions the schedule is over; null is never." }),
  max_consecutive_failures: z
    .int()
    .min(1)
    .max(1000)
    .nullable()
    .openapi({ description: "After so many failures in a row the schedule is disabled; null is never." }),
};

export const policySchema = z.object(policyFields).openapi("Policy");

export type Policy = z.output<typeof policySchema>;

export const defaultPolicy: Policy = {
  overlap: "skip",
  misfire: "latest",
  catch_up_seconds: 3600,
  max_catch_up: 100,
  spread_seconds: 0,
  dst_gap: "shift",
  dst_overlap: "first",
  max_retries: 0,
  retry_delay_seconds: 60,
  launch_timeout_seconds: 900,
  max_runtime_seconds: null,
  max_sessions: null,
  max_consecutive_failures: null,
};

/** What is left out keeps its value; on create, its default. */
export const policyChangeSchema = z.strictObject(policyFields).partial().openapi("PolicyChange");

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
    trigger: keptTriggerSchema,
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
