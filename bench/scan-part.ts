import { setTimeout as delay } from "node:timers/promises";
import { sql } from "kysely";
import type { Database } from "../src/platform/database/tables.ts";
import type { Part, PartResult } from "./part.ts";
import { startBenchPostgres } from "./postgres.ts";
import { type Herd, type ScanRound, type ScanSetup, toScanRows, toScanText } from "./scan-report.ts";
import { type Scanner, startScanner } from "./scanners.ts";
import { takeTurns } from "./turns.ts";

interface ScanSettings extends ScanSetup {
  /** Not counted. */
  readonly warmRounds: number;
  /** So many schedules due at once, each a database of its own. */
  readonly herds: readonly number[];
}

const firstSlot = Date.parse("2026-11-23T10:00:00Z");
const pollEveryMilliseconds = 5;

/**
 * The cost of a scan with as many due schedules among few and among many, and its memory and transactions when very many are
 * due at once.
 */
export const part: Part = {
  name: "scan",
  title: "The scan of the schedules",
  run({ smoke, rounds }) {
    const scale = smoke ? 100 : 1;
    return measureScan({
      few: 10_000 / scale,
      many: 1_000_000 / scale,
      due: 1_000 / scale,
      herds: [10_000 / scale, 100_000 / scale],
      rounds: rounds ?? (smoke ? 2 : 15),
      warmRounds: smoke ? 1 : 5,
    });
  },
};

async function measureScan(settings: ScanSettings): Promise<PartResult> {
  await using stack = new AsyncDisposableStack();
  const postgres = await startBenchPostgres();
  stack.defer(postgres.remove);
  const { db } = postgres;
  const start = async (name: string, schedules: { count: number; due: number }) => {
    const scanner = await startScanner(postgres, name, { ...schedules, at: toSlot(0) });
    stack.defer(scanner.stop);
    return scanner;
  };
  const { few, many, due } = settings;
  const small = await start("few", { count: few, due });
  const large = await start("many", { count: many, due });
  await sql`checkpoint`.execute(db);
  const measured = await compare(small, large, settings);
  const opened: Herd[] = [];
  for (const size of settings.herds) {
    const scanner = await start(`herd_${size}`, { count: size, due: size });
    opened.push(await openHerd(db, scanner, size));
  }
  return { rows: toScanRows(measured, opened, settings), text: toScanText(measured, opened, settings) };
}

function toSlot(minutes: number): string {
  return new Date(firstSlot + minutes * 60_000).toISOString();
}

/** A minute later the same schedules are due again, so each round is as the one before. */
async function compare(
  small: Scanner,
  large: Scanner,
  { due, rounds, warmRounds }: ScanSettings,
): Promise<ScanRound[]> {
  const scanOf = (scanner: Scanner) => async (round: number) => (await scanner.scan(toSlot(round), due)).seconds;
  const turns = await takeTurns(warmRounds + rounds, scanOf(small), scanOf(large));
  return turns.slice(warmRounds).map(({ mine, other }) => ({ few: mine, many: other }));
}

async function openHerd(db: Database, scanner: Scanner, size: number): Promise<Herd> {
  const observer = observeTransactions(db, `herd_${size}`);
  const scanned = await scanner.scan(toSlot(0), size);
  return { size, scanned, longestSeconds: await observer.end() };
}

/** By asking PostgreSQL, again and again, how old the oldest open transaction is: too short by at most the pause between. */
function observeTransactions(db: Database, database: string) {
  const over = new AbortController();
  const watched = (async () => {
    let longest = 0;
    while (!over.signal.aborted) {
      const { rows } = await sql<{ seconds: number | null }>`
        select extract(epoch from max(clock_timestamp() - xact_start))::float8 as seconds
        from pg_stat_activity where datname = ${database} and backend_type = 'client backend'`.execute(db);
      longest = Math.max(longest, rows[0]?.seconds ?? 0);
      await delay(pollEveryMilliseconds);
    }
    return longest;
  })();
  const end = () => {
    over.abort();
    return watched;
  };
  return { end };
}
