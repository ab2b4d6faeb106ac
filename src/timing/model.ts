import { instantField, timeField, timeZoneField } from "../platform/resource/fields.ts";
import { z } from "../platform/resource/schema.ts";

const typeDescription = "cron: by a cron expression; freq: every so many units from an anchor.";

const zoneField = timeZoneField.openapi({
  description: "The IANA name of the time zone by whose wall clock the trigger fires.",
});

/** The syntax of the expression is checked by parseTiming, whose errors name the wrong field and quote the expression as it was sent. */
const cronTriggerFields = {
  type: z.literal("cron").describe(typeDescription),
  expression: z
    .string()
    .max(255)
    .refine((text) => text.trim() !== "", "must be a cron expression")
    .openapi({
      description:
        "Five fields (minute, hour, day of month, month, day of week), or six with seconds first, or @daily and its like.",
      minLength: 1,
      example: "30 2 * * *",
    }),
  time_zone: zoneField,
};

/** 10,000 months are 833 years: a search never computes beyond the dates of JavaScript, which end in the year 275760. */
const maxEvery = 10_000;

/** The anchor is the first instant. Steps: see freq.ts. */
const freqTriggerFields = {
  type: z.literal("freq").describe(typeDescription),
  every: z
    .int("must be a whole number")
    .min(1, "must be at least 1")
    .max(maxEvery, `must be at most ${maxEvery}`)
    .openapi({ description: "Number of units from one instant to the next.", example: 15 }),
  unit: z
    .enum(["minute", "hour", "day", "week", "month"], { error: "must be minute, hour, day, week or month" })
    .describe(
      "minute and hour are elapsed time; day, week and month are steps of the calendar from the anchor's wall clock.",
    ),
  anchor: instantField
    .transform((at) => at.toISOString())
    .openapi({
      type: "string",
      format: "date-time",
      description: "The first instant; all others are counted from it.",
      example: "2026-11-23T09:00:00.000Z",
    }),
  time_zone: zoneField,
};

const zoneWithDefault = { time_zone: zoneField.default("UTC") };

export const triggerSchema = z
  .discriminatedUnion(
    "type",
    [
      z
        .strictObject({ ...cronTriggerFields, ...zoneWithDefault })
        .openapi("CronTrigger", { description: "Fires at the times of a cron expression." }),
      z
        .strictObject({ ...freqTriggerFields, ...zoneWithDefault })
        .openapi("FreqTrigger", { description: "Fires at the anchor, and then with a fixed frequency." }),
    ],
    { error: "must have the type cron or freq" },
  )
  .openapi("Trigger", {
    description: "When a schedule fires. A trigger without an instant in the next five years is refused.",
  });

/** When a schedule fires. Times of `anchor` are UTC, in ISO 8601. */
export type Trigger = z.output<typeof triggerSchema>;
/** A cron expression in a time zone, for example `30 2 * * *` in `Europe/Berlin`. */
export type CronTrigger = Extract<Trigger, { type: "cron" }>;
/** A frequency from an anchor, for example every 15 minutes from 09:00. */
export type FreqTrigger = Extract<Trigger, { type: "freq" }>;

/** A change of a trigger; {@link triggerSchema} decides whether the merged trigger is one. No field has a default. */
export const triggerChangeSchema = z
  .strictObject({
    ...cronTriggerFields,
    ...freqTriggerFields,
    type: z.enum(["cron", "freq"], { error: "must be cron or freq" }).describe(typeDescription),
  })
  .partial()
  .openapi("TriggerChange", {
    description:
      "With the trigger's own type, or without a type, an omitted field keeps its value. The other type replaces the whole trigger.",
  });

/** A trigger in answers. */
export const savedTriggerSchema = z
  .discriminatedUnion("type", [
    z
      .object(cronTriggerFields)
      .openapi("SavedCronTrigger", { description: "Fires at the times of a cron expression." }),
    z
      .object({
        ...freqTriggerFields,
        anchor: timeField.describe("The first instant; all others are counted from it."),
      })
      .openapi("SavedFreqTrigger", { description: "Fires at the anchor, and then with a fixed frequency." }),
  ])
  .openapi("SavedTrigger", { description: "When a schedule fires." });

const dateField = z.iso.date("must be a date like 2026-01-01");
const timeOfDayField = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time like 01:00")
  .openapi({ example: "01:00" });

const activeFields = {
  start_date: dateField
    .nullable()
    .openapi({ description: "The first day of the window; null: no first day.", example: "2026-01-01" }),
  end_date: dateField
    .nullable()
    .openapi({ description: "The last day of the window, included; null: no last day.", example: "2026-12-31" }),
  start_time: timeOfDayField.nullable().describe("The window begins at this time of each day; null: at midnight."),
  end_time: timeOfDayField.nullable().openapi({
    description:
      "Excluded: the window ends at this time of each day. If it is before start_time, the window spans midnight; null: no end.",
  }),
  days_of_week: z
    .array(z.int().min(1, "must be from 1 (Monday) to 7 (Sunday)").max(7, "must be from 1 (Monday) to 7 (Sunday)"))
    .min(1, "must have at least one day")
    .max(7, "must have each day once")
    .refine((days) => new Set(days).size === days.length, "must have each day once")
    .nullable()
    .openapi({ description: "From 1 (Monday) to 7 (Sunday), each once; null: every day.", example: [1, 2, 3, 4, 5] }),
};

/**
 * A window, by the wall clock of the trigger's zone. `start_date`, `end_date` and `start_time` are inside, `end_time` is outside;
 * days of the week go from 1 (Monday) to 7 (Sunday).
 */
export const activeSchema = z
  .strictObject({
    start_date: activeFields.start_date.default(null),
    end_date: activeFields.end_date.default(null),
    start_time: activeFields.start_time.default(null),
    end_time: activeFields.end_time.default(null),
    days_of_week: activeFields.days_of_week.default(null),
  })
  .superRefine(({ start_date, end_date, start_time, end_time }, context) => {
    if (start_date !== null && end_date !== null && end_date < start_date)
      context.addIssue({ code: "custom", path: ["end_date"], message: "must not be before start_date" });
    if (start_time !== null && start_time === end_time)
      context.addIssue({ code: "custom", path: ["end_time"], message: "must differ from start_time" });
  })
  .openapi("Active", {
    description:
      "The trigger fires only inside of this window, by the wall clock of the trigger's time zone. An instant outside is no slot: it is not recorded as missed.",
  });

/** A change of a window; {@link activeSchema} decides whether the merged window is one. */
export const activeChangeSchema = z.strictObject(activeFields).partial().openapi("ActiveChange", {
  description: "An omitted field keeps its value; null clears it.",
});

/** A window: the trigger's instants outside of it are no slots. */
export type Active = z.output<typeof activeSchema>;

/** The fields of a schedule's policy about daylight saving. They apply to fixed times of cron and to days, weeks and months. */
export const dstPolicyFields = {
  dst_gap: z.enum(["shift", "skip"]).openapi({
    description:
      "When the clocks skip a fixed time: shift runs it at the first instant after the gap, skip does not run it.",
  }),
  dst_overlap: z.enum(["first", "second", "both"]).openapi({
    description: "When the clocks show a fixed time twice: run at the first instant, the second, or both.",
  }),
};

/** The part of a policy that instants depend on. */
export interface DstPolicy {
  readonly dst_gap: z.output<typeof dstPolicyFields.dst_gap>;
  readonly dst_overlap: z.output<typeof dstPolicyFields.dst_overlap>;
}

/** Everything that the instants of a schedule depend on. */
export interface Timing {
  readonly trigger: Trigger;
  /** Null: no window, always active. */
  readonly active: Active | null;
  readonly policy: DstPolicy;
}
