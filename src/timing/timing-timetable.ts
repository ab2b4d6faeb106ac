import { isTimeZone } from "../platform/resource/fields.ts";
import { createCronTimetable } from "./cron.ts";
import { unknownTimeZone } from "./errors.ts";
import { createFourDigitYears } from "./four-digit-years.ts";
import { createFreqTimetable } from "./freq.ts";
import type { Timing } from "./model.ts";
import type { Timetable } from "./timetable.ts";
import { createWindowedTimetable } from "./window.ts";

/**
 * Every instant of a timing from the year 1 to 9999: those of its trigger, through its policy of daylight saving, inside its window.
 *
 * @throws VALIDATION_ERROR when this process does not know the time zone
 */
export function createTimingTimetable({ trigger, active, policy }: Timing): Timetable {
  if (!isTimeZone(trigger.time_zone)) throw unknownTimeZone(trigger.time_zone);
  const timetable = createFourDigitYears(
    trigger.type === "cron" ? createCronTimetable(trigger, policy) : createFreqTimetable(trigger, policy),
  );
  return active === null ? timetable : createWindowedTimetable(timetable, active, trigger.time_zone);
}
