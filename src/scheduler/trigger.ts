import { Cron } from "croner";
import { normaliseExpression, positionOf } from "./cron-expression.ts";
import { cronParseError } from "./errors.ts";
import type { Trigger } from "./model.ts";

/** One that does not fire within this time is refused when it is saved. */
const horizonYears = 5;

const maxCached = 5000;

/** A parsed expression, and the last questions that it was asked: schedules that share a trigger are due at one instant. */
interface Known {
  readonly cron: Cron;
  next: Answer | null;
  previous: Answer | null;
}

interface Answer {
  readonly time: number;
  readonly instant: Date | null;
}

/** By zone and text: parsing costs as much as computing an instant, a tenth of a millisecond. */
const cache = new Map<string, Known>();

/**
 * Judges a trigger and brings it into the form that is kept.
 *
 * @param now instants are looked for after it
 * @throws CRON_PARSE_ERROR
 */
export function parseTrigger(trigger: Trigger, now: Date): Trigger {
  const parsed = { ...trigger, expression: normaliseExpression(trigger.expression) };
  const cron = createCron(parsed);
  const next = cron.nextRun(now);
  const horizon = new Date(now);
  horizon.setUTCFullYear(horizon.getUTCFullYear() + horizonYears);
  if (next === null || next > horizon)
    throw cronParseError(parsed.expression, `it never fires within the next ${horizonYears} years`);
  return parsed;
}

/** The first instant after `after`; null when none is to come. */
export function findNextInstant(trigger: Trigger, after: Date): Date | null {
  const known = toKnown(trigger);
  if (known.next?.time !== after.getTime()) known.next = { time: after.getTime(), instant: known.cron.nextRun(after) };
  return known.next.instant;
}

/** At most `count` instants after `after`, in their order. */
export function listNextInstants(trigger: Trigger, after: Date, count: number): Date[] {
  return toKnown(trigger).cron.nextRuns(count, after);
}

/** The newest instant before `before`. */
export function findPreviousInstant(trigger: Trigger, before: Date): Date | null {
  const known = toKnown(trigger);
  if (known.previous?.time !== before.getTime()) {
    known.previous = { time: before.getTime(), instant: known.cron.previousRuns(1, before)[0] ?? null };
  }
  return known.previous.instant;
}

/** At most `count` instants before `before`, the newest first. */
export function listPreviousInstants(trigger: Trigger, before: Date, count: number): Date[] {
  return toKnown(trigger).cron.previousRuns(count, before);
}

function toKnown(trigger: Trigger): Known {
  const key = `${trigger.time_zone} ${trigger.expression}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const fresh: Known = { cron: createCron(trigger), next: null, previous: null };
  if (cache.size >= maxCached) cache.clear();
  cache.set(key, fresh);
  return fresh;
}

/**
 * Daylight saving as Vixie's cron has it: fixed times (without `*` and steps) that do not exist run at the first instant
 * after the gap, those that exist twice run once, the first time; wildcards follow real time. Hence "no-wildcard".
 */
function createCron({ expression, time_zone }: Trigger): Cron {
  try {
    return new Cron(expression, toOptions(time_zone));
  } catch (error) {
    throw cronParseError(expression, toReason(error), findPosition(expression));
  }
}

function toOptions(timezone: string) {
  return { timezone, fixedTimeRule: "no-wildcard", mode: "5-or-6-parts", paused: true } as const;
}

function toReason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/^CronPattern: /, "");
}

/** The first field that is wrong by itself, tried alone among wildcards. */
function findPosition(expression: string): number | undefined {
  const fields = expression.split(" ");
  const index = fields.findIndex(
    (field, at) => !isParsed(fields.map((_, other) => (other === at ? field : "*")).join(" ")),
  );
  return index === -1 ? undefined : positionOf(fields, index);
}

function isParsed(expression: string): boolean {
  try {
    new Cron(expression, toOptions("UTC"));
    return true;
  } catch {
    return false;
  }
}
