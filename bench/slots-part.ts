import { sql } from "kysely";
import { openPostgresDatabase } from "../src/platform/database/postgres.ts";
import type { Database } from "../src/platform/database/tables.ts";
import type { Policy } from "../src/schedules/policy.ts";
import type { Part, PartOptions, PartResult } from "./part.ts";
import { type BenchPostgres, startBenchPostgres } from "./postgres.ts";
import { type Scanner, startScanner } from "./scanners.ts";
import { takeTurns, toSpread } from "./turns.ts";

const aim = 0.5;
const warmRounds = 2;
const firstSlot = Date.parse("2026-11-23T10:00:00Z");

/** How the slots of a round are spread over schedules. */
interface Case {
  readonly name: string;
  /** Slots of each schedule, a minute apart. */
  readonly slotsEach: number;
  readonly policy: Partial<Policy>;
}

const cases: readonly Case[] = [
  { name: "one of each schedule", slotsEach: 1, policy: {} },
  { name: "50 of each schedule", slotsEach: 50, policy: { misfire: "all" } },
];

/** Seconds of both ways for as many rows. */
interface SlotsRound {
  readonly eom: number;
  readonly insert: number;
}

export const part: Part = {
  name: "slots",
  title: "Slots become sessions",
  async run(options: PartOptions): Promise<PartResult> {
    const slots = options.smoke ? 1_000 : 20_000;
    const rounds = options.rounds ?? (options.smoke ? 1 : 7);
    await using stack = new AsyncDisposableStack();
    const postgres = await startBenchPostgres();
    stack.defer(postgres.remove);
    const measured: { readonly of: Case; readonly rounds: readonly SlotsRound[] }[] = [];
    for (const of of cases) measured.push({ of, rounds: await measure(postgres, of, slots, rounds) });
    return {
      rows: measured.map(({ of, rounds }) => {
        const ratio = toSpread(
          rounds.map(({ eom, insert }) => insert / eom),
          (value) => value.toFixed(2),
        );
        return {
          work: `slots become sessions, ${of.name}`,
          beside: "one INSERT … SELECT generate_series of as many rows",
          result: ratio.result,
          spread: ratio.spread,
          aim: `≥ ${aim}`,
          isReached: ratio.median >= aim,
        };
      }),
      text: toText(measured, { slots, rounds, version: postgres.version }),
    };
  },
};

async function measure(postgres: BenchPostgres, of: Case, slots: number, rounds: number): Promise<SlotsRound[]> {
  await using stack = new AsyncDisposableStack();
  const schedules = slots / of.slotsEach;
  const at = toInstant(0);
  const fill = { count: schedules, due: schedules, at, policy: of.policy };
  const scanner = await startScanner(postgres, `slots_${of.slotsEach}`, fill);
  stack.defer(scanner.stop);
  const { db, close } = openPostgresDatabase(scanner.url, 1);
  stack.defer(close);
  const scan = async (round: number) => {
    await empty(db);
    return scanRound(scanner, of, round, slots);
  };
  const insert = async () => {
    await empty(db);
    return insertSessions(db, slots, of.slotsEach);
  };
  const turns = await takeTurns(warmRounds + rounds, scan, insert);
  return turns.slice(warmRounds).map(({ mine, other }) => ({ eom: mine, insert: other }));
}

/** The slots of a round come after those of the round before; a scan opens them all at its last one. */
async function scanRound(scanner: Scanner, { slotsEach }: Case, round: number, slots: number): Promise<number> {
  return (await scanner.scan(toInstant((round + 1) * slotsEach - 1), slots)).seconds;
}

function toInstant(minutes: number): string {
  return new Date(firstSlot + minutes * 60_000).toISOString();
}

/** So that each measurement finds the tables as the one before did: no sessions, no dead rows, nothing to write back. */
async function empty(db: Database): Promise<void> {
  await sql`truncate ailbl_session`.execute(db);
  await sql`vacuum analyze ailbl_schedule, ailbl_schedule_stats`.execute(db);
  await sql`checkpoint`.execute(db);
}

/** The same columns, indexes and constraints; ids and times in the order in which a scan writes them. @returns seconds */
async function insertSessions(db: Database, slots: number, slotsEach: number): Promise<number> {
  const startedAt = performance.now();
  await sql`
    insert into ailbl_session (id, schedule_id, schedule_name, kind, owner, engine, launch_timeout_seconds, max_runtime_seconds,
      slot, data_interval_start, run_after, cause, created, created_by)
    select uuidv7(), ('01a20000-0000-7000-8000-' || lpad(to_hex(n / ${slotsEach}::integer), 12, '0'))::uuid,
      'schedule ' || n / ${slotsEach}::integer, 1, 'team-' || n / ${slotsEach}::integer % 20, 'local', 900, null,
      ${toInstant(0)}::text::timestamptz + n % ${slotsEach}::integer * interval '1 minute',
      ${toInstant(-1)}::text::timestamptz + n % ${slotsEach}::integer * interval '1 minute',
      ${toInstant(0)}::text::timestamptz + n % ${slotsEach}::integer * interval '1 minute',
      'slot', ${toInstant(0)}::text::timestamptz, 'scheduler'
    from generate_series(0, ${slots}::integer - 1) as n`.execute(db);
  return (performance.now() - startedAt) / 1000;
}

interface Setup {
  readonly slots: number;
  readonly rounds: number;
  readonly version: string;
}

function toText(
  measured: readonly { readonly of: Case; readonly rounds: readonly SlotsRound[] }[],
  { slots, rounds, version }: Setup,
): string {
  const aSecond = (seconds: readonly number[]) =>
    toSpread(
      seconds.map((duration) => slots / duration),
      (value) => value.toFixed(0),
    );
  const lines = measured.map(({ of, rounds }) => {
    const eom = aSecond(rounds.map((round) => round.eom));
    const insert = aSecond(rounds.map((round) => round.insert));
    return `| ${[of.name, eom.result, eom.spread, insert.result, insert.spread].join(" | ")} |`;
  });
  return `| ${slots.toLocaleString("en")} slots | EOM, sessions a second | spread | INSERT, rows a second | spread |
| --- | --- | --- | --- | --- |
${lines.join("\n")}

- EOM: \`bench/scanner.ts\`, a process of its own: \`scan\` until nothing is due, in batches of 1,000 schedules, each batch one
  transaction. It reads and locks the schedules, computes each one's slots and its next instant from its cron expression in
  its time zone (six zones), writes the sessions where none is there yet, counts them in two tables and moves the schedules
  on.
- INSERT: one statement, one transaction, one connection; it writes the rows and nothing else: no schedule is read, locked or
  moved on, no slot is computed, nothing is looked up.
- Both: the same table \`ailbl_session\` with all its indexes and constraints, emptied before each measurement; the other tables
  vacuumed, a checkpoint written. ${rounds} rounds in turns after ${warmRounds} that warm up; PostgreSQL ${version} on the same machine,
  without fsync.
- Where a scan's time goes, one slot each (pg_stat_statements): a third in the INSERT with its look for a session that is there
  already and its counters, a quarter to a third in moving the schedules on, a twentieth in reading and locking them, the
  rest in the process and on the way. So three rows are written for each session, of which the INSERT beside it writes one:
  this is the next limit, unless counters and schedules were written less often than sessions.
- Of many slots of one schedule, nearly all of the process's time is croner's search for the instants (CPU profile).
`;
}
