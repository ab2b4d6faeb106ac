import { idField, timeField } from "../platform/resource/fields.ts";
import { pageParameters, timeParameter } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { scheduleFilters } from "../schedules/filters.ts";
import { sessionCauseField } from "../sessions/model.ts";
import { sessionStates } from "../sessions/states.ts";

const dayMilliseconds = 86_400_000;
const maxDays = 31;

/** Entries of one row. */
export const maxEntries = 200;

export const timelineQuerySchema = z
  .strictObject({
    from: timeParameter.openapi({ description: "Slots at or after this time." }),
    to: timeParameter.openapi({ description: `Slots before this time, at most ${maxDays} days after from.` }),
    ...scheduleFilters,
    ...pageParameters(["name"]),
  })
  .check(({ value: { from, to }, issues }) => {
    // A time that was refused is still text here, and cannot be compared.
    if (issues.length > 0) return;
    const refuse = (message: string) => issues.push({ code: "custom", path: ["to"], message, input: to });
    if (to <= from) refuse("must be after from");
    else if (to.getTime() - from.getTime() > maxDays * dayMilliseconds)
      refuse(`must be at most ${maxDays} days after from`);
  });

/** A parsed request for a page of the timeline. */
export type TimelineQuery = z.output<typeof timelineQuerySchema>;

export const timelineEntrySchema = z
  .object({
    slot: timeField.optional().describe("The nominal instant of a session or an expected slot; absent in a stretch."),
    from: timeField.optional().describe("The first slot of a stretch; it may be before the requested time span."),
    to: timeField.optional().describe("The last slot of a stretch; it may be after the requested time span."),
    session_id: idField.optional().describe("Absent in a stretch, and for an expected slot."),
    cause: sessionCauseField.optional().openapi({ description: "Why the session was opened." }),
    state: z
      .enum([...sessionStates, "expected"])
      .optional()
      .describe("The state of the session; `expected` for a slot that no scan has looked at yet."),
    reason: z.string().nullable().optional().describe("Why the session, or the stretch, is as it is."),
    started: timeField.nullable().optional().describe("When the session's last run started; null before it."),
    ended: timeField.nullable().optional().describe("When the session ended; null before its end."),
  })
  .openapi("TimelineEntry", {
    description:
      "A session (`slot` to `ended`), a stretch of slots that became no session (`from`, `to`, `reason`), or a slot that no scan " +
      "has looked at yet (`slot`, `state`).",
  });

/** A session, a stretch of slots that became none, or a slot that no scan has looked at yet. */
export type TimelineEntry = z.infer<typeof timelineEntrySchema>;

const timelineScheduleSchema = z
  .object({
    id: idField,
    name: z.string().openapi({ description: "Unique among schedules, without regard to case.", example: "thumbnails" }),
    enable: z.boolean().describe("False: no slots are expected."),
  })
  .openapi("TimelineSchedule", { description: "The schedule of a row." });

export const timelineRowSchema = z
  .object({
    schedule: timelineScheduleSchema,
    entries: z
      .array(timelineEntrySchema)
      .max(maxEntries)
      .openapi({ description: `Oldest slot first, at most ${maxEntries}.` }),
    truncated: z.boolean().openapi({ description: "True when entries are missing: request a shorter time span." }),
  })
  .openapi("TimelineRow", { description: "The slots of one schedule in a time span." });

/** The entries of one schedule. */
export type TimelineRow = z.infer<typeof timelineRowSchema>;
