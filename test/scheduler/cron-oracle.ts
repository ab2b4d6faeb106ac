/**
 * What instants a 5-field expression has, found without croner: by trying every minute. Numbers, lists, ranges, `*` and
 * steps of `*` only. Daylight saving by the rules that EOM promises.
 */
export function listInstantsByMinute(expression: string, zone: string, from: Date, to: Date): string[] {
  const [minute = "", hour = "", ...date] = expression.split(" ");
  const isFixedTime = !`${minute}${hour}`.includes("*");
  return isFixedTime
    ? listFixed({ minute, hour, date }, zone, from, to)
    : listWild({ minute, hour, date }, zone, from, to);
}

interface Fields {
  readonly minute: string;
  readonly hour: string;
  readonly date: readonly string[];
}

/** Real time: each minute of it whose wall clock fits. */
function listWild({ minute, hour, date }: Fields, zone: string, from: Date, to: Date): string[] {
  const found: string[] = [];
  for (let time = from.getTime(); time < to.getTime(); time += 60_000) {
    const wall = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone);
    if (fits(minute, wall.minute) && fits(hour, wall.hour) && isOnDate(date, wall.toPlainDate())) {
      found.push(new Date(time).toISOString());
    }
  }
  return found;
}

/** The wall clock: each of its times once, the first of two, and the end of the gap for one that is missing. */
function listFixed({ minute, hour, date }: Fields, zone: string, from: Date, to: Date): string[] {
  const found = new Set<number>();
  const day = 86_400_000;
  for (let time = from.getTime() - 2 * day; time < to.getTime() + 2 * day; time += day) {
    const plain = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone).toPlainDate();
    if (!isOnDate(date, plain)) continue;
    for (let of = 0; of < 1440; of += 1) {
      if (fits(hour, Math.floor(of / 60)) && fits(minute, of % 60)) {
        found.add(toInstant(plain, { hour: Math.floor(of / 60), minute: of % 60 }, zone));
      }
    }
  }
  return [...found]
    .filter((time) => time >= from.getTime() && time < to.getTime())
    .sort((one, other) => one - other)
    .map((time) => new Date(time).toISOString());
}

function toInstant(date: Temporal.PlainDate, time: { hour: number; minute: number }, zone: string): number {
  const plain = date.toPlainDateTime(time);
  const exact = plain.toZonedDateTime(zone, { disambiguation: "earlier" });
  if (exact.toPlainDateTime().equals(plain)) return exact.epochMilliseconds;
  const change = exact.getTimeZoneTransition("next");
  if (change === null) throw new Error("a gap without a change of the clocks");
  return change.epochMilliseconds;
}

/** Day of month and day of week are ORed when both are given. */
function isOnDate(
  [dayOfMonth = "*", month = "*", dayOfWeek = "*"]: readonly string[],
  date: Temporal.PlainDate,
): boolean {
  if (!fits(month, date.month)) return false;
  const isDay = fits(dayOfMonth, date.day);
  const isWeekday = fits(dayOfWeek, date.dayOfWeek % 7);
  return dayOfMonth !== "*" && dayOfWeek !== "*" ? isDay || isWeekday : isDay && isWeekday;
}

function fits(field: string, value: number): boolean {
  return field.split(",").some((item) => {
    if (item === "*") return true;
    if (item.startsWith("*/")) return value % Number(item.slice(2)) === 0;
    const [first = Number.NaN, last = first] = item.split("-").map(Number);
    return value >= first && value <= last;
  });
}
