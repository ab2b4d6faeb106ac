/** The start and the end of one step of the story, in milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Texts of this run that stand for others, such as a server's address with its free port. */
export type Replacements = Readonly<Record<string, string>>;

/** The first step of the story, and what a step adds. */
const beginning = Date.parse("2026-06-01T09:00:00Z");
const minute = 60_000;
/** Other times of slots and periods are a day apart: at 3 in the morning of Berlin, before the story and after it. */
const lastEarlier = Date.parse("2026-06-01T01:00:00Z");
const day = 86_400_000;
/** The greatest difference of the clocks of the app and the database: less than half of the time between two steps. */
const clockMilliseconds = 14;
/** Older times are the story's own. */
const recentMilliseconds = 60 * day;

const idPattern = /\b[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
const timePattern = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** Texts that are new in each run, and secret, and what stands for them. */
const fakes: readonly (readonly [RegExp, string])[] = [
  [/\beom_[\w-]{20,}/g, "eom_example-token-that-opens-nothing"],
  [/\bwhsec_[A-Za-z0-9+/=]+/g, "whsec_ZXhhbXBsZSBzZWNyZXQgdGhhdCBzaWducyBub3RoaW5n"],
  [/\bPostgreSQL \d+(\.\d+)*/g, "PostgreSQL 18"],
  [/\b127\.0\.0\.1:\d+/g, "127.0.0.1:9"],
];

/** Members whose numbers are measured. */
const measured = /(^|_)duration(_ms|_seconds)?$/;

/**
 * Makes a mask: it replaces what differs from run to run by texts and numbers that do not, the same text by the same one in all bodies.
 * Ids are numbered in the order in which they appear. A time is that of the step in which it lies. Times before and after
 * `spans` are numbered in each body.
 */
export function createMask(spans: readonly Span[], replacements: Replacements) {
  const ids = new Map<string, string>();
  const toId = (text: string) => {
    const id = text.toLowerCase();
    const known = ids.get(id) ?? `0197${String(ids.size + 1).padStart(4, "0")}-0000-7000-8000-000000000000`;
    ids.set(id, known);
    return known;
  };
  return <Body>(body: Body): Body => {
    const toTime = createTimes(spans, JSON.stringify(body));
    const toText = (text: string) => {
      let masked = text;
      for (const [from, to] of Object.entries(replacements)) masked = masked.replaceAll(from, to);
      for (const [pattern, fake] of fakes) masked = masked.replace(pattern, fake);
      return masked.replace(idPattern, toId).replace(timePattern, toTime);
    };
    const mask = (name: string, value: unknown): unknown => {
      if (typeof value === "number" && measured.test(name)) return 12;
      if (typeof value === "string") return name === "next_cursor" ? "a-cursor-of-this-list" : toText(value);
      if (Array.isArray(value)) return value.map((item) => mask(name, item));
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, member]) => [toText(key), mask(key, member)]));
    };
    return mask("", body) as Body;
  };
}

function createTimes(spans: readonly Span[], text: string): (time: string) => string {
  const start = (spans[0]?.from ?? 0) - clockMilliseconds;
  const end = (spans.at(-1)?.to ?? 0) + clockMilliseconds;
  const times = [...new Set((text.match(timePattern) ?? []).map((time) => Date.parse(time)))].sort((a, b) => a - b);
  const earlier = times.filter((time) => start - recentMilliseconds < time && time < start).reverse();
  const later = times.filter((time) => time > end);
  return (time) => {
    const at = Date.parse(time);
    const step = spans.findLastIndex(({ from }) => from - clockMilliseconds <= at);
    if (start <= at && at <= end) return new Date(beginning + step * minute).toISOString();
    if (later.includes(at)) return new Date(lastEarlier + (later.indexOf(at) + 1) * day).toISOString();
    if (earlier.includes(at)) return new Date(lastEarlier - earlier.indexOf(at) * day).toISOString();
    return time;
  };
}
