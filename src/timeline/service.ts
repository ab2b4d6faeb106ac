import { isTimeZone, toTime } from "../platform/resource/fields.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import { listSchedules } from "../schedules/list.ts";
import type { ScheduleRow } from "../schedules/queries.ts";
import type { ScheduleNeeds } from "../schedules/service.ts";
import { listStretches } from "../schedules/watermark.ts";
import { listSlotsBetween } from "../timing/slots-between.ts";
import { maxEntries, type TimelineEntry, type TimelineQuery, type TimelineRow } from "./model.ts";
import {
  type Between,
  listTimelineSessions,
  listTimelineStretches,
  type TimelineSession,
  type TimelineStretch,
} from "./queries.ts";

/**
 * Expected slots that one page computes, divided among its schedules. Each takes about 0.1 ms, so a page keeps this process from
 * other requests for 0.2 s at most.
 */
const maxExpected = 2000;

/** See {@link createTimelineService}. */
export type TimelineService = ReturnType<typeof createTimelineService>;

/** Reads the timeline: the sessions, skipped stretches and expected slots of many schedules. */
export function createTimelineService({ db, clock }: Pick<ScheduleNeeds, "db" | "clock">) {
  /** One row for each schedule of the page, in three statements. @throws VALIDATION_ERROR for a cursor of another list */
  async function list(query: TimelineQuery, start: PageStart): Promise<Page<TimelineRow>> {
    const { rows: schedules, total } = await listSchedules(db, query, start);
    const ids = schedules.map(({ id }) => id);
    // One more than a row shows: it says whether the row is truncated.
    const [sessions, stretches] = await Promise.all([
      listTimelineSessions(db, ids, query, maxEntries + 1),
      listTimelineStretches(db, ids, query, maxEntries + 1),
    ]);
    const sessionsOf = Map.groupBy(sessions, ({ schedule_id }) => schedule_id);
    const stretchesOf = Map.groupBy(stretches, ({ schedule_id }) => schedule_id);
    const expectedEach = Math.min(maxEntries, Math.floor(maxExpected / Math.max(1, schedules.length)));
    const rows = schedules.map((schedule) =>
      toRow(schedule, [
        ...(sessionsOf.get(schedule.id) ?? []).map(toSessionEntry),
        ...(stretchesOf.get(schedule.id) ?? []).map(toStretchEntry),
        ...listPassing(schedule, query, clock.now()).map(toStretchEntry),
        ...listExpected(schedule, query, expectedEach),
      ]),
    );
    return { rows, total };
  }

  return { list };
}

/** An entry with the instant that decides its place. `isCut`: more entries of its sort follow, and were not read. */
interface PlacedEntry {
  readonly at: Date;
  readonly entry: TimelineEntry;
  readonly isCut?: boolean;
}

function toRow({ id, name, enable }: ScheduleRow, entries: readonly PlacedEntry[]): TimelineRow {
  const sorted = entries.toSorted((left, right) => left.at.getTime() - right.at.getTime());
  return {
    schedule: { id, name, enable },
    entries: sorted.slice(0, maxEntries).map(({ entry }) => entry),
    truncated: sorted.length > maxEntries || entries.some(({ isCut }) => isCut === true),
  };
}

function toSessionEntry({ id, slot, cause, state, reason, started, ended }: TimelineSession): PlacedEntry {
  const times = { started: toTime(started), ended: toTime(ended) };
  return { at: slot, entry: { slot: slot.toISOString(), session_id: id, cause, state, reason, ...times } };
}

function toStretchEntry({ first, last, reason }: Omit<TimelineStretch, "schedule_id">): PlacedEntry {
  return { at: first, entry: { from: first.toISOString(), to: last.toISOString(), reason } };
}

/** The slots that a disabled schedule passes over: they are recorded only when it is enabled again. */
function listPassing(schedule: ScheduleRow, { from, to }: Between, now: Date) {
  return listStretches(schedule, schedule.paused_from, now, "paused").filter(
    ({ first, last }) => first < to && last >= from,
  );
}

/** The slots that no scan has looked at, at most `count`; none for a disabled schedule, or in a zone that this process does not know. */
function listExpected(schedule: ScheduleRow, { from, to }: Between, count: number): PlacedEntry[] {
  const { next_due_at: next, trigger } = schedule;
  if (next === null || next >= to || !isTimeZone(trigger.time_zone)) return [];
  const slots = listSlotsBetween(schedule, { from: next > from ? next : from, to }, count + 1);
  return slots.slice(0, count).map((slot, index) => ({
    at: slot,
    entry: { slot: slot.toISOString(), state: "expected" },
    isCut: slots.length > count && index === count - 1,
  }));
}
