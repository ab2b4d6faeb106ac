import type { Active, DstPolicy } from "../../src/timing/model.ts";

/*
 * The instants of a trigger, computed without croner and without a search for changes of the clocks: from the wall clock that the
 * zone shows at every minute, by the rules of docs/guides/schedules.md.
 */

/** Consecutive minutes of a zone. */
export interface Minutes {
  /** The first minute, in milliseconds since the epoch. */
  readonly start: number;
  /** The wall clock of each minute, in minutes since 1970 as if it were UTC. */
  readonly walls: readonly number[];
  /** The minutes (by index) that show a wall clock. */
  readonly shown: ReadonlyMap<number, readonly number[]>;
}

export function readMinutes(zone: string, from: number, to: number): Minutes {
  const walls: number[] = [];
  for (let time = from; time < to; time += 60_000) {
    const { offsetNanoseconds } = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone);
    walls.push((time + offsetNanoseconds / 1e6) / 60_000);
  }
  const shown = new Map<number, number[]>();
  for (const [index, wall] of walls.entries()) shown.set(wall, [...(shown.get(wall) ?? []), index]);
  return { start: from, walls, shown };
}

export interface Pattern {
  /** Whether its times follow the wall clock; else they follow real time. */
  readonly isFixed: boolean;
  fits(wall: number): boolean;
}

export interface OracleInstants {
  readonly instants: readonly string[];
  /** The gap instants that `dst_gap: skip` does not run. */
  readonly leftOut: readonly string[];
}

export function findInstants(
  minutes: Minutes,
  { isFixed, fits }: Pattern,
  dst: DstPolicy,
  active: Active | null = null,
): OracleInstants {
  const isActive = (index: number) => active === null || isIn(active, minutes.walls[index] ?? Number.NaN);
  const toTimes = (indices: Iterable<number>) =>
    [...new Set(indices)]
      .filter(isActive)
      .sort((left, right) => left - right)
      .map((index) => new Date(minutes.start + index * 60_000).toISOString());
  if (!isFixed) {
    return { instants: toTimes(minutes.walls.flatMap((wall, index) => (fits(wall) ? [index] : []))), leftOut: [] };
  }
  const { run, gapEnds } = placeFixed(minutes, fits, dst.dst_overlap);
  if (dst.dst_gap === "shift") return { instants: toTimes([...run, ...gapEnds]), leftOut: [] };
  return { instants: toTimes(run), leftOut: toTimes(gapEnds.filter((index) => !run.includes(index))) };
}

/** For each wall clock that fits: the minutes that show it, or the end of the gap that it is in. */
function placeFixed({ walls, shown }: Minutes, fits: (wall: number) => boolean, overlap: DstPolicy["dst_overlap"]) {
  const [run, gapEnds]: [number[], number[]] = [[], []];
  for (let wall = walls[0] ?? 0; wall <= (walls.at(-1) ?? 0); wall += 1) {
    if (!fits(wall)) continue;
    const indices = shown.get(wall);
    if (indices === undefined) gapEnds.push(walls.findIndex((later) => later > wall));
    else run.push(...{ first: indices.slice(0, 1), second: indices.slice(-1), both: indices }[overlap]);
  }
  return { run, gapEnds };
}

/** 5 fields with numbers, lists, ranges, `*` and steps of `*`. Day of month and of week are ORed when both are given. */
export function toCronPattern(expression: string): Pattern {
  const [minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = ""] = expression.split(" ");
  const isEither = dayOfMonth !== "*" && dayOfWeek !== "*";
  const sets = [minute, hour, dayOfMonth, month, dayOfWeek].map(toSet);
  return {
    isFixed: !`${minute}${hour}`.includes("*"),
    fits(wall) {
      const at = new Date(wall * 60_000);
      const values = [at.getUTCMinutes(), at.getUTCHours(), at.getUTCDate(), at.getUTCMonth() + 1, at.getUTCDay()];
      const [isMinute, isHour, isDay, isMonth, isWeekday] = values.map((value, index) => sets[index]?.has(value));
      if (!isMinute || !isHour || !isMonth) return false;
      return (isEither ? isDay || isWeekday : isDay && isWeekday) ?? false;
    },
  };
}

function toSet(field: string): ReadonlySet<number> {
  return new Set(Array.from({ length: 60 }, (_, value) => value).filter((value) => isOf(field, value)));
}

function isOf(field: string, value: number): boolean {
  return field.split(",").some((item) => {
    if (item === "*") return true;
    if (item.startsWith("*/")) return value % Number(item.slice(2)) === 0;
    const [first = Number.NaN, last = first] = item.split("-").map(Number);
    return value >= first && value <= last;
  });
}

/** Whether a wall clock is inside of a window. */
export function isIn({ start_date, end_date, start_time, end_time, days_of_week }: Active, wall: number): boolean {
  const text = new Date(wall * 60_000).toISOString();
  const [date, time] = [text.slice(0, 10), text.slice(11, 16)];
  const from = start_time ?? "00:00";
  const until = end_time ?? "24:00";
  const isTime = until < from ? time >= from || time < until : time >= from && time < until;
  const isDate = (start_date === null || date >= start_date) && (end_date === null || date <= end_date);
  const day = new Date(wall * 60_000).getUTCDay() || 7;
  return isDate && isTime && (days_of_week === null || days_of_week.includes(day));
}

export const zones = [
  "America/New_York",
  "Europe/London",
  "Europe/Berlin",
  "Australia/Lord_Howe",
  "America/Sao_Paulo",
  "Africa/Casablanca",
  "Africa/Cairo",
  "Asia/Kolkata",
  "Pacific/Apia",
];

/** The changes of a zone's clocks in these years, in milliseconds since the epoch. */
export function listChanges(zone: string, first = 2024, last = 2030): number[] {
  const changes: number[] = [];
  let at = Temporal.Instant.from(`${first}-01-01T00:00:00Z`).toZonedDateTimeISO(zone).getTimeZoneTransition("next");
  while (at !== null && at.year <= last) {
    changes.push(at.epochMilliseconds);
    at = at.getTimeZoneTransition("next");
  }
  return changes;
}

export const dstPolicies: readonly DstPolicy[] = (["shift", "skip"] as const).flatMap((dst_gap) =>
  (["first", "second", "both"] as const).map((dst_overlap) => ({ dst_gap, dst_overlap })),
);
