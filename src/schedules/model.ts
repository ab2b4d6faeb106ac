import { jobChangeSchema, jobSchema, savedJobSchema } from "../engines/job.ts";
import { kinds } from "../kinds/kinds.ts";
import { describeKinds } from "../kinds/parameter.ts";
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
const engineField = z
  .string()
  .min(1, "must be the name of an engine")
  .max(63)
  .openapi({ description: "The engine that runs the sessions, by its name.", example: "local" });

const enableDescription = "A disabled schedule opens no sessions for its slots; it can still be triggered by hand.";

const ownerDescription = "Waiting sessions start in turn by owner, so that one owner cannot keep the others waiting.";

/** The parameters of a schedule: each kind has its own. */
const kindParamsSchema = z
  .record(z.string(), z.unknown())
  .openapi("KindParams", { description: "The parameters of a schedule: its kind says which." });

const createFields = {
  name: nameField,
  description: descriptionField.default(null),
  enable: z.boolean().default(true).describe(enableDescription),
  owner: nameField.optional().openapi({ description: `${ownerDescription} Default: the caller.` }),
  engine: engineField
    .optional()
    .openapi({ description: "The engine that runs its sessions. Default: the deployment's." }),
  labels: labelsField.default({}),
  trigger: triggerSchema,
  active: activeSchema.nullable().openapi({ description: "Null: no window, always active." }).default(null),
  job: jobSchema,
  policy: policyChangeSchema.default({}),
};

const createVariants = kinds.map((kind) =>
  z
    .strictObject({
      ...createFields,
      kind: z.literal(kind.kind).describe(`The kind ${kind.name}; it never changes.`),
      params: kind.params.prefault({}),
    })
    .openapi(`Create${toPascalCase(kind.name)}Schedule`, {
      description: `A new schedule of kind ${kind.kind} (${kind.name}).`,
    }),
);

type CreateVariant = (typeof createVariants)[number];

function toPascalCase(name: string): string {
  return name.replace(/(?:^|[_-])([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export const createScheduleSchema = z
  .discriminatedUnion("kind", createVariants as [CreateVariant, ...CreateVariant[]], {
    error: `must be one of the kinds ${kinds.map((kind) => `${kind.kind} (${kind.name})`).join(", ")}`,
  })
  .openapi("CreateSchedule", { description: "A new schedule; `kind` says which parameters it has." });

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
    enable: z.boolean().optional().describe(enableDescription),
    owner: nameField.optional().describe(ownerDescription),
    engine: engineField.optional(),
    labels: labelsField.optional(),
    trigger: triggerChangeSchema.optional(),
    active: activeChangeSchema
      .nullable()
      .openapi({ description: "Null removes the window; fields of it that are left out keep their values." })
      .optional(),
    job: jobChangeSchema.optional(),
    params: kindParamsSchema.optional().openapi({
      description:
        "An omitted field keeps its value; a given field replaces it as a whole, also where it is an object.",
    }),
    policy: policyChangeSchema.optional(),
  })
  .openapi("UpdateSchedule", {
    description: "An omitted field keeps its value, at every depth; labels and lists are replaced as a whole.",
  });

/** A parsed request to change a schedule: an absent field stays as it is. */
export type UpdateSchedule = z.output<typeof updateScheduleSchema>;

export const noteSchema = z
  .strictObject({
    note: textField
      .nullable()
      .default(null)
      .openapi({ description: "Why, for other people; null: no note.", example: "Maintenance of the source" }),
  })
  .openapi("ChangeNote", { description: "A note that explains the change." });

const disabledSchema = z
  .object({
    reason: z.string().openapi({
      description: "manual: by a person; over: it has no slot left; failing: too many failures in a row.",
      example: "manual",
    }),
    note: z.string().nullable().describe("The text of the person, or EOM's own sentence; null if there is none."),
    by: z.string().describe("The caller that disabled the schedule, or `scheduler`."),
    at: timeField.describe("When it was disabled."),
  })
  .openapi("Disabled", { description: "Why a schedule is disabled, by whom and since when." });

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

const statsSchema = z
  .object({
    sessions: z.int().describe("Sessions opened, whatever their cause."),
    succeeded: z.int().describe("Sessions that succeeded."),
    failed: z.int().describe("Sessions that failed for good, after their retries."),
    consecutive_failures: z
      .int()
      .describe("Failures since the last success, without backfills; 0 after the schedule is enabled again."),
    last_error: sessionErrorSchema
      .nullable()
      .openapi({ description: "The error of the last failed session; null before one." }),
  })
  .openapi("ScheduleStats", { description: "Counters of a schedule's sessions, since its creation." });

export const scheduleSchema = z
  .object({
    id: idField,
    name: z.string().openapi({ description: "Unique among schedules, without regard to case.", example: "thumbnails" }),
    description: z.string().nullable().describe("Free text of several lines; null if there is none."),
    kind: z.int().openapi({ description: describeKinds(), example: 1 }),
    enable: z.boolean().describe(enableDescription),
    state: scheduleStateField,
    owner: z.string().describe(ownerDescription),
    engine: z.string().openapi({ description: "The engine that runs its sessions, by its name.", example: "local" }),
    labels: labelsField,
    trigger: savedTriggerSchema,
    active: activeSchema.nullable().openapi({ description: "Null: no window, always active." }),
    job: savedJobSchema,
    params: kindParamsSchema,
    policy: policySchema,
    next_due_at: timeField
      .nullable()
      .describe("The next slot that becomes a session; null while it is disabled, and when no slot is left."),
    last_slot: timeField.nullable().describe("The newest slot that EOM has treated; null before the first."),
    disabled: disabledSchema.nullable().openapi({ description: "Why it is disabled; null while it is enabled." }),
    stats: statsSchema,
    ...historyFields,
  })
  .openapi("Schedule", {
    description: "A job, and when it runs. The version counts edits: next slot and counters change without it.",
  });

/** A schedule as the API shows it. */
export type Schedule = z.infer<typeof scheduleSchema>;

/** The path parameter of every route of one schedule. */
export const scheduleParams = z.object({ ScheduleId: pathId("schedule") });

export const cancelQuerySchema = z.strictObject({
  cancel: booleanParameter
    .default(false)
    .openapi({ type: "boolean", default: false, description: "Also end the sessions that are under way." }),
});
