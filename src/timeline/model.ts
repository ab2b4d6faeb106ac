import { idField, timeField } from "../platform/resource/fields.ts";
import { pageParameters, timeParameter } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { scheduleFilters } from "../schedules/filters.ts";
import { sessionCauses } from "../sessions/model.ts";
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

const sessionEntry = z.object({
  slot: timeField,
  session_id: idField,
  cause: z.enum(sessionCauses),
  state: z.enum(sessionStates),
  reason: z.string().nullable(),
  started: timeField.nullable(),
  ended: timeField.nullable(),
});

const stretchEntry = z.object({ from: timeField, to: timeField, reason: z.string() }).openapi({
  description: "Slots that became no session; from and to are included, and may be outside of the requested time span.",
});

const expectedEntry = z.object({ slot: timeField, state: z.literal("expected") });

export const timelineEntrySchema = z.union([sessionEntry, stretchEntry, expectedEntry]);

/** A session, a stretch of slots that became none, or a slot that no scan has looked at yet. */
export type TimelineEntry = z.infer<typeof timelineEntrySchema>;

export const timelineRowSchema = z
  .object({
    schedule: z.object({ id: idField, name: z.string(), enable: z.boolean() }),
    entries: z.array(timelineEntrySchema).max(maxEntries).openapi({ description: "Oldest slot first." }),
    truncated: z.boolean().openapi({ description: "True when entries are missing: request a shorter time span." }),
  })
  .openapi("TimelineRow");

/** The entries of one schedule. */
export type TimelineRow = z.infer<typeof timelineRowSchema>;
