import { kinds } from "../kinds/kinds.ts";
import {
  descriptionField,
  historyFields,
  idField,
  instantField,
  labelsField,
  nameField,
  timeField,
  timeZoneField,
} from "../platform/resource/fields.ts";
import { z } from "../platform/resource/schema.ts";

const daySeconds = 86_400;

/** The expression itself is judged by trigger.ts, which knows what is wrong with it. */
const cronTriggerFields = {
  type: z.literal("cron"),
  expression: z.string().trim().min(1, "wants a cron expression").max(255).openapi({ example: "30 2 * * *" }),
  time_zone: timeZoneField.default("UTC"),
};

/** Of months 833 years: no instant that is looked for has a year of five digits. */
const maxEvery = 10_000;

/** Minutes and hours elapse; days, weeks and months are steps of the calendar in the zone. None lies before the anchor. */
const freqTriggerFields = {
  type: z.literal("freq"),
  every: z.int("wants a whole number").min(1, "wants at least 1").max(maxEvery, `wants at most ${maxEvery}`),
  unit: z.enum(["minute", "hour", "day", "week", "month"], { error: "wants minute, hour, day, week or month" }),
  anchor: instantField.transform((at) => at.toISOString()).openapi({ type: "string", format: "date-time" }),
  time_zone: timeZoneField.default("UTC"),
};

export const triggerSchema = z
  .discriminatedUnion("type", [z.strictObject(cronTriggerFields), z.strictObject(freqTriggerFields)], {
    error: "wants a type of cron or freq",
  })
  .openapi("Trigger");

export type Trigger = z.output<typeof triggerSchema>;
export type CronTrigger = Extract<Trigger, { type: "cron" }>;
export type FreqTrigger = Extract<Trigger, { type: "freq" }>;

/** As answers tell it. */
export const keptTriggerSchema = z.discriminatedUnion("type", [
  z.object(cronTriggerFields),
  z.object({ ...freqTriggerFields, anchor: timeField }),
]);

/** Which part of the engine's workspace the job stands in; an engine without such parts takes null alone. */
export const jobSchema = z
  .strictObject({
    location: z.string().min(1).max(255).nullable().default(null),
    repository: z.string().min(1).max(255).nullable().default(null),
    name: z.string().min(1, "wants the name of a job").max(255),
  })
  .openapi("JobReference");

export type Job = z.output<typeof jobSchema>;

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
  dst_gap: z.enum(["shift", "skip"]).openapi({
    description: "A fixed time that does not exist runs at the first instant after the gap, or not at all.",
  }),
  dst_overlap: z
    .enum(["first", "second", "both"])
    .openapi({ description: "Which of the two instants runs of a fixed time that exists twice." }),
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

const dateField = z.iso.date("wants a date like 2026-01-01");
const timeOfDayField = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "wants a time like 01:00")
  .openapi({ example: "01:00" });

/** By the wall clock of the trigger's zone: dates with both ends, times without the end, days from 1, Monday, to 7. */
export const activeSchema = z
  .strictObject({
    start_date: dateField.nullable().default(null),
    end_date: dateField.nullable().default(null),
    start_time: timeOfDayField.nullable().default(null),
    end_time: timeOfDayField
      .nullable()
      .default(null)
      .openapi({ description: "Before start_time: the window passes midnight." }),
    days_of_week: z
      .array(z.int().min(1, "wants 1 (Monday) to 7 (Sunday)").max(7, "wants 1 (Monday) to 7 (Sunday)"))
      .min(1, "wants at least one day")
      .max(7, "wants each day once")
      .refine((days) => new Set(days).size === days.length, "wants each day once")
      .nullable()
      .default(null),
  })
  .superRefine(({ start_date, end_date, start_time, end_time }, context) => {
    if (start_date !== null && end_date !== null && end_date < start_date)
      context.addIssue({ code: "custom", path: ["end_date"], message: "must not be before start_date" });
    if (start_time !== null && start_time === end_time)
      context.addIssue({ code: "custom", path: ["end_time"], message: "must differ from start_time" });
  })
  .openapi("Active", { description: "A slot outside is none, and no miss." });

export type Active = z.output<typeof activeSchema>;

/** What fixed times are where the clocks change. */
export type DstPolicy = Pick<Policy, "dst_gap" | "dst_overlap">;

/** What a schedule's instants hang on. */
export interface Timing {
  readonly trigger: Trigger;
  /** Null is always. */
  readonly active: Active | null;
  readonly policy: DstPolicy;
}

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

export const sessionErrorSchema = z
  .object({
    code: z.string(),
    message: z.string(),
    step: z.string().nullable(),
    fingerprint: z.string().openapi({ description: "The same for failures of the same cause." }),
  })
  .openapi("SessionError");

export type SessionError = z.infer<typeof sessionErrorSchema>;

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
