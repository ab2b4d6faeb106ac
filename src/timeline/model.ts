import { idField, timeField } from "../platform/resource/fields.ts";
import { pageParameters, timeParameter } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { scheduleFilters } from "../schedules/filters.ts";
import { sessionStates } from "../sessions/states.ts";

const dayMilliseconds = 86_400_000;
const maxDays = 31;

/** Entries of a schedule. */
export const maxEntries = 200;

export const timelineQuerySchema = z
  .strictObject({
    from: timeParameter.openapi({ description: "Slots at or after this." }),
    to: timeParameter.openapi({ description: `Slots before this, which is at most ${maxDays} days after from.` }),
    ...scheduleFilters,
    ...pageParameters(["name"]),
  })
  .check(({ value: { from, to }, issues }) => {
    // Of a time that is none, both are still what was given.
    if (issues.length > 0) return;
    const refuse = (message: string) => issues.push({ code: "custom", path: ["to"], message, input: to });
    if (to <= from) refuse("must be after from");
    else if (to.getTime() - from.getTime() > maxDays * dayMilliseconds)
      refuse(`must be at most ${maxDays} days after from`);
  });

export type TimelineQuery = z.output<typeof timelineQuerySchema>;

const sessionEntry = z.object({
  slot: timeField,
  session_id: idField,
  cause: z.enum(["slot", "manual", "backfill", "retry"]),
  state: z.enum(sessionStates),
  reason: z.string().nullable(),
  started: timeField.nullable(),
  ended: timeField.nullable(),
});

const stretchEntry = z.object({ from: timeField, to: timeField, reason: z.string() }).openapi({
  description: "Slots that became no session, both ends included; they may lie outside of what was asked for.",
});

const expectedEntry = z.object({ slot: timeField, state: z.literal("expected") });

export const timelineEntrySchema = z.union([sessionEntry, stretchEntry, expectedEntry]);

export type TimelineEntry = z.infer<typeof timelineEntrySchema>;

export const timelineRowSchema = z
  .object({
    schedule: z.object({ id: idField, name: z.string(), enable: z.boolean() }),
    entries: z.array(timelineEntrySchema).max(maxEntries).openapi({ description: "In the order of their slots." }),
    truncated: z.boolean().openapi({ description: "There is more between the two times: ask for a shorter stretch." }),
  })
  .openapi("TimelineRow");

export type TimelineRow = z.infer<typeof timelineRowSchema>;
