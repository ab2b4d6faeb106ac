import { instantField, timeField, timeZoneField } from "../platform/resource/fields.ts";
import { z } from "../platform/resource/schema.ts";

/** The expression itself is checked by cron-expression.ts, which knows what is wrong with it. */
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

/** The part of a schedule's policy that says what a fixed time becomes where the clocks change. */
export const dstPolicyFields = {
  dst_gap: z.enum(["shift", "skip"]).openapi({
    description: "A fixed time that does not exist runs at the first instant after the gap, or not at all.",
  }),
  dst_overlap: z
    .enum(["first", "second", "both"])
    .openapi({ description: "Which of the two instants runs of a fixed time that exists twice." }),
};

/** The daylight-saving part of a policy, as the computation of instants needs it. */
export interface DstPolicy {
  readonly dst_gap: z.output<typeof dstPolicyFields.dst_gap>;
  readonly dst_overlap: z.output<typeof dstPolicyFields.dst_overlap>;
}

/** What a schedule's instants hang on. */
export interface Timing {
  readonly trigger: Trigger;
  /** Null is always. */
  readonly active: Active | null;
  readonly policy: DstPolicy;
}
