import { invalid } from "../platform/failure.ts";
import { createRecentMap } from "../platform/recent-map.ts";
import { createCronTimetable } from "./cron.ts";
import { normaliseExpression } from "./cron-expression.ts";
import { cronParseError } from "./errors.ts";
import { createFreqTimetable } from "./freq.ts";
import type { Timing } from "./model.ts";
import type { Timetable } from "./timetable.ts";
import { findChangeAfter } from "./wall-clock.ts";
import { createWindowedTimetable } from "./window.ts";

/** One that does not fire within this time is refused when it is saved. */
const horizonYears = 5;

const maxCached = 5000;

/** A trigger's timetable, and the last questions that it was asked: schedules that share one are due at one instant. */
interface Known {
  readonly timetable: Timetable;
  next: Answer | null;
  previous: Answer | null;
}

interface Answer {
  readonly time: number;
  readonly instant: Date | null;
}

/** By what it says: parsing costs as much as computing an instant, a tenth of a millisecond. */
const cache = createRecentMap<string, Known>(maxCached);

/**
 * Judges when a schedule is due, and brings it into the form that is kept.
 *
 * @param now instants are looked for after it
 * @throws CRON_PARSE_ERROR, VALIDATION_ERROR for an anchor too far ahead or a window that no instant lies in
 */
export function parseTiming({ trigger, active, policy }: Timing, now: Date): Pick<Timing, "trigger" | "active"> {
  const parsed =
    trigger.type === "cron" ? { ...trigger, expression: normaliseExpression(trigger.expression) } : trigger;
  const horizon = new Date(now);
  horizon.setUTCFullYear(horizon.getUTCFullYear() + horizonYears);
  const isDue = (timing: Timing) => (createTimingTimetable(timing).nextRun(now) ?? new Date(8.64e15)) <= horizon;
  const reason = `never fires within the next ${horizonYears} years`;
  if (!isDue({ trigger: parsed, active: null, policy })) {
    throw parsed.type === "cron" ? cronParseError(parsed.expression, `it ${reason}`) : invalid("/trigger", reason);
  }
  if (!isDue({ trigger: parsed, active, policy })) throw invalid("/active", `with it, the trigger ${reason}`);
  return { trigger: parsed, active };
}

/**
 * With the instants after gaps that `dst_gap: skip` leaves out: a scan looks at them too, to write down why nothing ran.
 * Everything that says what was not looked at yet goes by this.
 */
export function withLeftOut(timing: Timing): Timing {
  if (timing.policy.dst_gap === "shift") return timing;
  const { trigger, active, policy } = timing;
  return { trigger, active, policy: { dst_gap: "shift", dst_overlap: policy.dst_overlap } };
}

/** What `dst_gap: skip` leaves out from `from` to `to`, both included: found by the changes of the clocks. */
export function listLeftOut(timing: Timing, from: Date, to: Date): Date[] {
  const found: Date[] = [];
  if (timing.policy.dst_gap === "shift") return found;
  const zone = timing.trigger.time_zone;
  let change = findChangeAfter(from.getTime() - 1, zone);
  while (change !== null && change <= to.getTime()) {
    if (isInstant(withLeftOut(timing), change) && !isInstant(timing, change)) found.push(new Date(change));
    change = findChangeAfter(change, zone);
  }
  return found;
}

function isInstant(timing: Timing, time: number): boolean {
  return listNextInstants(timing, new Date(time - 1), 1)[0]?.getTime() === time;
}

/** The first instant after `after`; null when none is to come. */
export function findNextInstant(timing: Timing, after: Date): Date | null {
  const known = toKnown(timing);
  if (known.next?.time !== after.getTime())
    known.next = { time: after.getTime(), instant: known.timetable.nextRun(after) };
  return known.next.instant;
}

/** At most `count` instants after `after`, in their order. */
export function listNextInstants(timing: Timing, after: Date, count: number): Date[] {
  return toKnown(timing).timetable.nextRuns(count, after);
}

/** The newest instant before `before`. */
export function findPreviousInstant(timing: Timing, before: Date): Date | null {
  const known = toKnown(timing);
  if (known.previous?.time !== before.getTime()) {
    known.previous = { time: before.getTime(), instant: known.timetable.previousRuns(1, before)[0] ?? null };
  }
  return known.previous.instant;
}

function toKnown(timing: Timing): Known {
  const key = toCacheKey(timing);
  const known = cache.get(key);
  if (known !== undefined) return known;
  const fresh: Known = { timetable: createTimingTimetable(timing), next: null, previous: null };
  cache.set(key, fresh);
  return fresh;
}

function toCacheKey({ trigger, active, policy }: Timing): string {
  const rest = `${policy.dst_gap} ${policy.dst_overlap} ${active === null ? "" : JSON.stringify(active)}`;
  if (trigger.type === "cron") return `${trigger.time_zone} ${trigger.expression} ${rest}`;
  return `${trigger.time_zone} ${trigger.every} ${trigger.unit} ${trigger.anchor} ${rest}`;
}

/** @throws CRON_PARSE_ERROR */
function createTimingTimetable({ trigger, active, policy }: Timing): Timetable {
  const timetable =
    trigger.type === "cron" ? createCronTimetable(trigger, policy) : createFreqTimetable(trigger, policy);
  return active === null ? timetable : createWindowedTimetable(timetable, active, trigger.time_zone);
}
