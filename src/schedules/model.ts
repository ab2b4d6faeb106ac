import { jobChangeSchema, jobSchema } from "../engines/job.ts";
import { kinds } from "../kinds/kinds.ts";
import {
  descriptionField,
  historyFields,
  idField,
  labelsField,
  nameField,
  pathId,
  textField,
  timeField,
} from "../platform/resource/fields.ts";
import { booleanParameter } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { sessionErrorSchema } from "../sessions/model.ts";
import {
  activeChangeSchema,
  activeSchema,
  savedTriggerSchema,
  triggerChangeSchema,
  triggerSchema,
} from "../timing/model.ts";
import { policyChangeSchema, policySchema } from "./policy.ts";

/** A schedule keeps the engine that it was created with, also when the deployment gets another default. */
const engineField = z.string().min(1, "must be the name of an engine").max(63);

/** The parameters of a schedule: each kind has its own. */
const kindParamsSchema = z
  .record(z.string(), z.unknown())
  .openapi("KindParams", { description: "The parameters of a schedule: its kind says which." });

const createFields = {
  name: nameField,
  description: descriptionField.default(null),
  enable: z.boolean().default(true),
  owner: nameField.optional().openapi({ description: "Waiting sessions start in turn by owner. Default: the caller." }),
  engine: engineField
    .optional()
    .openapi({ description: "The engine that runs its sessions. Default: the deployment's." }),
  labels: labelsField.default({}),
  trigger: triggerSchema,
  active: activeSchema.nullable().default(null),
  job: jobSchema,
  policy: policyChangeSchema.default({}),
};

const createVariants = kinds.map((kind) =>
  z
    .strictObject({ ...createFields, kind: z.literal(kind.kind), params: kind.params.prefault({}) })
    .openapi(`Create${toPascalCase(kind.name)}Schedule`),
);

type CreateVariant = (typeof createVariants)[number];

function toPascalCase(name: string): string {
  return name.replace(/(?:^|[_-])([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export const createScheduleSchema = z
  .discriminatedUnion("kind", createVariants as [CreateVariant, ...CreateVariant[]], {
    error: `must be one of the kinds ${kinds.map((kind) => `${kind.kind} (${kind.name})`).join(", ")}`,
  })
  .openapi("CreateSchedule");

/** A parsed request to create a schedule; `params` is parsed by its kind. */
export type CreateSchedule = z.output<typeof createScheduleSchema>;

/**
 * A change at every depth: `trigger`, `active`, `job`, `params` and `policy` are merged with the saved schedule in the service,
 * which then checks the whole. No field has a default. Labels and lists are replaced as a whole, and so are the free objects of
 * `params` such as `run_config`.
 */
export const updateScheduleSchema = z
  .strictObject({
    name: nameField.optional(),
    description: descriptionField.optional(),
    kind: z
      .int()
      .optional()
      .openapi({ description: "Accepted only if it is the schedule's kind, which never changes." }),
    enable: z.boolean().optional(),
    owner: nameField.optional(),
    engine: engineField.optional(),
    labels: labelsField.optional(),
    trigger: triggerChangeSchema.optional(),
    active: activeChangeSchema
      .nullable()
      .optional()
      .openapi({ description: "Null removes the window; fields that are left out keep their values." }),
    job: jobChangeSchema.optional(),
    params: kindParamsSchema.optional().openapi({
      description:
        "An omitted field keeps its value; a given field replaces it as a whole, also where it is an object.",
    }),
    policy: policyChangeSchema.optional(),
  })
  .openapi("UpdateSchedule");

/** A parsed request to change a schedule: an absent field stays as it is. */
export type UpdateSchedule = z.output<typeof updateScheduleSchema>;

export const noteSchema = z.strictObject({ note: textField.nullable().default(null) }).openapi("ChangeNote");

const disabledSchema = z
  .object({ reason: z.string(), note: z.string().nullable(), by: z.string(), at: timeField })
  .openapi("Disabled");

/** Why a schedule is disabled, by whom and since when. `reason`: manual, over or failing. */
export type Disabled = z.infer<typeof disabledSchema>;

/** Each schedule has one state. `failing` covers both: still enabled, and disabled for failing. */
export const scheduleStates = ["ok", "failing", "disabled", "over"] as const;

/** The state of a schedule, in answers and as a filter. */
export const scheduleStateField = z
  .enum(scheduleStates, { error: `must be one of ${scheduleStates.join(", ")}` })
  .openapi("ScheduleState", {
    description:
      "ok; failing: its last session failed, or it was disabled for failing; over: it has no slot left; disabled: by a person.",
  });

/** See {@link scheduleStates}. */
export type ScheduleState = (typeof scheduleStates)[number];

export const scheduleSchema = z
  .object({
    id: idField,
    name: z.string(),
    description: z.string().nullable(),
    kind: z.int(),
    enable: z.boolean(),
    state: scheduleStateField,
    owner: z.string(),
    engine: z.string().openapi({ description: "The engine that runs its sessions." }),
    labels: z.record(z.string(), z.string()),
    trigger: savedTriggerSchema,
    active: activeSchema.nullable(),
    job: z.object(jobSchema.shape),
    params: kindParamsSchema,
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

/** A schedule as the API shows it. */
export type Schedule = z.infer<typeof scheduleSchema>;

/** The path parameter of every route of one schedule. */
export const scheduleParams = z.object({ ScheduleId: pathId("schedule") });

export const cancelQuerySchema = z.strictObject({
  cancel: booleanParameter
    .default(false)
    .openapi({ type: "boolean", default: false, description: "Also end the sessions that are under way." }),
});
