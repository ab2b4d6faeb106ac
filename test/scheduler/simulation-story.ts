import fc from "fast-check";
import type { TickName } from "../../src/scheduler/tick-names.ts";
import { simulatedJobs } from "./simulation-engine.ts";

/** A command of a round. The indexes `schedule`, `worker` and `which` wrap around: 5 of 3 workers is the third. */
export type Command = (
  | { readonly does: "tick"; readonly worker: number; readonly name: TickName }
  /** All workers take the same turn at once. */
  | { readonly does: "rush"; readonly name: TickName }
  | { readonly does: "create"; readonly fields: Record<string, unknown> }
  | { readonly does: "update"; readonly schedule: number; readonly fields: Record<string, unknown> }
  | { readonly does: "enable" | "disable" | "trigger"; readonly schedule: number }
  | { readonly does: "backfill"; readonly schedule: number; readonly minutes: number; readonly parallel: number }
  | { readonly does: "retry" | "cancel"; readonly which: number }
  /** The worker stalls for longer than its lease, and then goes on. */
  | { readonly does: "stall"; readonly worker: number }
) & {
  /** Half steps after which the process of the command dies. Null: never. */
  readonly fuse: number | null;
};

/** Commands that run at the same time. */
export interface Round {
  /** Seconds that the clock advances before the commands. */
  readonly seconds: number;
  readonly commands: readonly Command[];
}

/** Everything that a simulation does. */
export interface Story {
  readonly start: string;
  readonly durable: boolean;
  readonly schedules: readonly Record<string, unknown>[];
  readonly rounds: readonly Round[];
}

/** Times shortly before a clock change in one of the zones. The last is an ordinary day. */
const starts = [
  "2027-03-27T22:00:00.000Z",
  "2027-03-28T00:40:00.000Z",
  "2026-10-24T21:30:00.000Z",
  "2026-11-01T04:10:00.000Z",
  "2027-04-03T13:00:00.000Z",
  "2026-11-23T10:00:56.000Z",
];
const zones = ["UTC", "Europe/Berlin", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"];

/** Length of a story and density of its slots. A story of minutes has dense slots, a story of days sparse ones. */
interface Pace {
  readonly expressions: readonly string[];
  readonly units: readonly { readonly unit: string; readonly every: number }[];
  readonly leaps: readonly number[];
  /** Lengths of backfills, in minutes before now. */
  readonly backfills: readonly number[];
}

const hour = 3600;
const paces: readonly Pace[] = [
  {
    expressions: ["* * * * *", "*/20 * * * * *", "15,45 * * * * *", "*/5 * * * *", "30 2 * * *", "15 2 * * 0"],
    units: [
      { unit: "minute", every: 1 },
      { unit: "minute", every: 7 },
    ],
    leaps: [0, 1, 5, 11, 20, 60, 61, 130, 600, hour],
    backfills: [1, 5],
  },
  {
    expressions: ["*/15 * * * *", "30 2 * * *", "0 0 * * *", "0 */3 * * *", "15 2 * * 0", "0 12 1 * *", "45 1 * * *"],
    units: [
      { unit: "hour", every: 1 },
      { unit: "day", every: 1 },
      { unit: "minute", every: 45 },
      { unit: "week", every: 1 },
    ],
    leaps: [0, 5, 61, 900, hour, 3 * hour, 9 * hour, 24 * hour, 60 * hour, 10 * 24 * hour],
    backfills: [90, 600],
  },
];

function triggersOf({ expressions, units }: Pace, start: string) {
  const time_zone = fc.constantFrom(...zones);
  return fc.oneof(
    fc.record({ type: fc.constant("cron"), expression: fc.constantFrom(...expressions), time_zone }),
    fc
      .record({ of: fc.constantFrom(...units), time_zone, backHours: fc.integer({ min: -1, max: 50 }) })
      .map(({ of, time_zone, backHours }) => ({
        type: "freq",
        ...of,
        anchor: new Date(Date.parse(start) - backHours * hour * 1000 + 90_000).toISOString(),
        time_zone,
      })),
  );
}

const active = fc.option(
  fc.record(
    {
      start_time: fc.constantFrom("01:00", "09:00"),
      end_time: fc.constantFrom("02:45", "23:30", "00:30"),
      days_of_week: fc.constantFrom([1, 2, 3, 4, 5], [6, 7, 1], null),
    },
    { requiredKeys: ["start_time", "end_time"] },
  ),
  { freq: 3 },
);

/** An edit never changes overlap from or to `allow`: sessions allowed to overlap would go on under the next policy. */
function policiesOf(overlap: fc.Arbitrary<string>) {
  return fc.record(
    {
      overlap,
      misfire: fc.constantFrom("skip", "latest", "all"),
      catch_up_seconds: fc.constantFrom(0, 30, 300, hour, 48 * hour),
      max_catch_up: fc.constantFrom(1, 2, 5, 8),
      spread_seconds: fc.constantFrom(0, 0, 30, hour),
      dst_gap: fc.constantFrom("shift", "skip"),
      dst_overlap: fc.constantFrom("first", "second", "both"),
      max_retries: fc.constantFrom(0, 1, 3),
      retry_delay_seconds: fc.constantFrom(1, 60),
      launch_timeout_seconds: fc.constantFrom(10, 900),
      max_runtime_seconds: fc.constantFrom(null, 30),
      max_sessions: fc.constantFrom(null, null, 1, 3, 6),
      max_consecutive_failures: fc.constantFrom(null, 2),
    },
    { requiredKeys: ["overlap"] },
  );
}

const bound = fc.constantFrom("skip", "queue", "cancel_previous");

function schedulesOf(pace: Pace, start: string) {
  return fc.record({
    trigger: triggersOf(pace, start),
    active,
    policy: fc.oneof({ weight: 4, arbitrary: policiesOf(bound) }, policiesOf(fc.constant("allow"))),
    job: fc.constantFrom(...simulatedJobs).map((name) => ({ name })),
    enable: fc.constantFrom(true, true, true, false),
    owner: fc.constantFrom("ada", "bob", "eve"),
  });
}

/** Edits. An edit keeps the fields of the policy that it leaves out, and overlap `allow` always. */
function updatesOf(pace: Pace, start: string) {
  return fc.oneof(
    fc.record({ trigger: triggersOf(pace, start) }),
    fc.record({ active }),
    fc.record({ policy: policiesOf(bound) }),
    fc.record({ trigger: triggersOf(pace, start), active, policy: policiesOf(bound) }),
    fc.record({ enable: fc.boolean() }),
  );
}

function commandsOf(pace: Pace, start: string): fc.Arbitrary<Command> {
  const index = fc.nat({ max: 11 });
  const ticks: TickName[] = [
    "scan",
    "scan",
    "pick",
    "pick",
    "pick",
    "poll",
    "poll",
    "sweep",
    "auto-disable",
    "backfill",
  ];
  const command = fc.oneof(
    { weight: 14, arbitrary: fc.record({ does: fc.constant("tick"), worker: index, name: fc.constantFrom(...ticks) }) },
    { weight: 4, arbitrary: fc.record({ does: fc.constant("rush"), name: fc.constantFrom("scan", "pick", "pick") }) },
    {
      weight: 3,
      arbitrary: fc.record({ does: fc.constant("update"), schedule: index, fields: updatesOf(pace, start) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ does: fc.constantFrom("enable", "disable", "trigger"), schedule: index }),
    },
    { weight: 2, arbitrary: fc.record({ does: fc.constantFrom("retry", "cancel"), which: index }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant("stall"), worker: index }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant("create"), fields: schedulesOf(pace, start) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        does: fc.constant("backfill"),
        schedule: index,
        minutes: fc.constantFrom(...pace.backfills),
        parallel: fc.constantFrom(1, 3),
      }),
    },
  ) as fc.Arbitrary<Omit<Command, "fuse">>;
  const fuse = fc.option(fc.nat({ max: 24 }), { freq: 2 });
  return fc.tuple(command, fuse).map(([of, burning]) => ({ ...of, fuse: burning }) as Command);
}

/** Stories of two to five schedules: rounds of concurrent commands, with a leap of the clock before each round. */
export const story: fc.Arbitrary<Story> = fc
  .record({ start: fc.constantFrom(...starts), durable: fc.boolean(), pace: fc.constantFrom(...paces) })
  .chain(({ start, durable, pace }) =>
    fc.record({
      start: fc.constant(start),
      durable: fc.constant(durable),
      schedules: fc.array(schedulesOf(pace, start), { minLength: 2, maxLength: 5 }),
      rounds: fc.array(
        fc.record({
          seconds: fc.constantFrom(...pace.leaps),
          commands: fc.array(commandsOf(pace, start), { minLength: 1, maxLength: 4 }),
        }),
        { minLength: 5, maxLength: 40, size: "max" },
      ),
    }),
  );
