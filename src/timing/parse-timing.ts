import { invalid } from "../platform/failure.ts";
import { cronParseError } from "./errors.ts";
import type { CronTrigger, DstPolicy, Timing } from "./model.ts";
import { parseExpression } from "./parse-expression.ts";
import { createTimingTimetable } from "./timing-timetable.ts";

/** A trigger that does not fire within this time is refused when it is saved: `0 0 30 2 *` has no instant at all. */
const horizonYears = 5;

/**
 * Checks that a timing has an instant, and returns its trigger and window in the form that is saved.
 *
 * @param now only instants after it count
 * @throws CRON_PARSE_ERROR when the expression is wrong or never fires
 * @throws VALIDATION_ERROR when a frequency has no instant in time, or the window contains none
 */
export function parseTiming({ trigger, active, policy }: Timing, now: Date): Pick<Timing, "trigger" | "active"> {
  const parsed = trigger.type === "cron" ? parseCron(trigger, policy, now) : trigger;
  requireInstant({ trigger: parsed, active: null, policy }, now, trigger);
  if (!hasInstant({ trigger: parsed, active, policy }, now))
    throw invalid("/active", `contains no instant of the trigger within the next ${horizonYears} years`);
  return { trigger: parsed, active };
}

/** Instants of each reading in an error about an expression with two readings. */
const shownInstants = 2;

/** @throws CRON_PARSE_ERROR */
function parseCron(trigger: CronTrigger, policy: DstPolicy, now: Date): CronTrigger {
  const listNext = (expression: string) =>
    createTimingTimetable({ trigger: { ...trigger, expression }, active: null, policy })
      .nextRuns(shownInstants, now)
      .map((instant) => instant.toISOString());
  return { ...trigger, expression: parseExpression(trigger.expression, listNext) };
}

/**
 * @param trigger as it was sent, for the error
 * @throws CRON_PARSE_ERROR, VALIDATION_ERROR
 */
function requireInstant(timing: Timing, now: Date, trigger: Timing["trigger"]): void {
  if (hasInstant(timing, now)) return;
  const reason = `never fires within the next ${horizonYears} years`;
  throw trigger.type === "cron" ? cronParseError(trigger.expression, `it ${reason}`) : invalid("/trigger", reason);
}

function hasInstant(timing: Timing, now: Date): boolean {
  const horizon = new Date(now);
  horizon.setUTCFullYear(horizon.getUTCFullYear() + horizonYears);
  const first = createTimingTimetable(timing).nextRun(now);
  return first !== null && first <= horizon;
}
