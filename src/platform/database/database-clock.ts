import { sql } from "kysely";
import type { Clock, ComparedClock, Monotonic } from "../clock.ts";
import type { Database } from "./tables.ts";

/** After this time, the next use compares the clocks again, in the background: the machine may have been suspended. */
const freshMilliseconds = 10_000;

interface DatabaseClockNeeds {
  readonly db: Database;
  readonly machine: Clock;
  readonly monotonic: Monotonic;
}

/**
 * The clock of a shared database, read once in a while and continued by the monotonic clock. A statement costs no additional
 * round trip.
 *
 * The database read its clock between the question and the answer, so the difference to the monotonic clock lies between two
 * bounds. The lower bound is used: this clock is never ahead of the database's, and behind by one round trip at most. A
 * difference that still lies within the bounds is kept, so that time does not jump from one comparison to the next.
 *
 * ```
 *   monotonic   before ──────── the database reads its clock: at ──────── after
 *   difference  at - after (lowest)     ≤     true      ≤      at - before (highest)
 * ```
 *
 * Until the first comparison it is the machine's clock.
 */
export function createDatabaseClock({ db, machine, monotonic }: DatabaseClockNeeds): ComparedClock {
  /** The database's time minus the monotonic clock's. */
  let difference: number | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;
  let refreshing: Promise<unknown> | null = null;

  async function compare(): Promise<number> {
    const before = { machine: machine.now().getTime(), monotonic: monotonic() };
    askedAt = before.monotonic;
    const at = await readTime(db);
    const after = { machine: machine.now().getTime(), monotonic: monotonic() };
    const [lowest, highest] = [at - after.monotonic, at - before.monotonic];
    if (difference === null || difference < lowest || difference > highest) difference = lowest;
    return toCertainDifference(before.machine - at, after.machine - at) / 1000;
  }

  /** A failure leaves the difference as it is: whoever needs the database reports that it is away. */
  function refresh(): void {
    refreshing ??= compare()
      .catch(() => {})
      .finally(() => {
        refreshing = null;
      });
  }

  return {
    reference: "the database's clock",
    compare,
    now() {
      if (monotonic() - askedAt > freshMilliseconds) refresh();
      return difference === null ? machine.now() : new Date(monotonic() + difference);
    },
    async close() {
      await refreshing;
    },
  };
}

async function readTime(db: Database): Promise<number> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error("A select without a table returned no row");
  return row.now.getTime();
}

/** The value nearest to 0 between two bounds: a slow answer must not look like a wrong clock. */
function toCertainDifference(lowest: number, highest: number): number {
  if (lowest > 0) return lowest;
  return Math.min(0, highest);
}
