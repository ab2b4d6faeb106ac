import { toTime } from "../platform/resource/fields.ts";
import { type Page, parsePageStart } from "../platform/resource/paging.ts";
import { listSchedules } from "../schedules/list.ts";
import type { ScheduleRow } from "../schedules/queries.ts";
import type { ScheduleNeeds } from "../schedules/service.ts";
import { listStretches } from "../schedules/watermark.ts";
import { listSlotsBetween } from "../timing/slots-between.ts";
import { maxEntries, type TimelineEntry, type TimelineQuery, type TimelineRow } from "./model.ts";
import { type Between, listTimelineSessions, listTimelineStretches, type TimelineSession } from "./queries.ts";

/**
 * Slots to come that one page computes, shared between its schedules: a tenth of a millisecond each, in which this process
 * answers nobody else.
 */
const maxExpected = 2000;

export type TimelineService = ReturnType<typeof createTimelineService>;

export function createTimelineService({ db, clock }: Pick<ScheduleNeeds, "db" | "clock">) {
  /** One row a schedule of the page: three statements, however many there are. */
  async function list(query: TimelineQuery): Promise<Page<TimelineRow>> {
    const { rows: schedules, total } = await listSchedules(db, query, parsePageStart(query));
    const ids = schedules.map(({ id }) => id);
    // One more than is told, so that what is left out is known.
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

/** An entry at its place in the order. `isCut`: more of its sort come after it, and were not looked for. */
interface Placed {
  readonly at: Date;
  readonly told: TimelineEntry;
  readonly isCut?: boolean;
}

function toRow({ id, name, enable }: ScheduleRow, entries: readonly Placed[]): TimelineRow {
  const sorted = entries.toSorted((one, other) => one.at.getTime() - other.at.getTime());
  return {
    schedule: { id, name, enable },
    entries: sorted.slice(0, maxEntries).map(({ told }) => told),
    truncated: sorted.length > maxEntries || entries.some(({ isCut }) => isCut === true),
  };
}

function toSessionEntry({ id, slot, cause, state, reason, started, ended }: TimelineSession): Placed {
  const times = { started: toTime(started), ended: toTime(ended) };
  return { at: slot, told: { slot: slot.toISOString(), session_id: id, cause, state, reason, ...times } };
}

function toStretchEntry({
  first_slot,
  last_slot,
  reason,
}: {
  first_slot: Date;
  last_slot: Date;
  reason: string;
}): Placed {
  return { at: first_slot, told: { from: first_slot.toISOString(), to: last_slot.toISOString(), reason } };
}

/** What a disabled schedule passes over stands in no row yet. */
function listPassing(schedule: ScheduleRow, { from, to }: Between, now: Date) {
  return listStretches(schedule, schedule.paused_from, now, "paused")
    .filter(({ first, last }) => first < to && last >= from)
    .map(({ first, last, reason }) => ({ first_slot: first, last_slot: last, reason }));
}

/** The slots that no scan has looked at; of a disabled schedule, none. At most `count`. */
function listExpected(schedule: ScheduleRow, { from, to }: Between, count: number): Placed[] {
  const { next_due_at: next } = schedule;
  if (next === null || next >= to) return [];
  const slots = listSlotsBetween(schedule, { from: next > from ? next : from, to }, count + 1);
  return slots.slice(0, count).map((slot, index) => ({
    at: slot,
    told: { slot: slot.toISOString(), state: "expected" },
    isCut: slots.length > count && index === count - 1,
  }));
}
