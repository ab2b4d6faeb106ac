import { createCronTimetable } from "./cron.ts";
import { createFreqTimetable } from "./freq.ts";
import type { Timing } from "./model.ts";
import type { Timetable } from "./timetable.ts";
import { createWindowedTimetable } from "./window.ts";

/** Every instant of a timing: those of its trigger, through its policy of daylight saving, inside its window. @throws CRON_PARSE_ERROR */
export function createTimingTimetable({ trigger, active, policy }: Timing): Timetable {
  const timetable =
    trigger.type === "cron" ? createCronTimetable(trigger, policy) : createFreqTimetable(trigger, policy);
  return active === null ? timetable : createWindowedTimetable(timetable, active, trigger.time_zone);
}
