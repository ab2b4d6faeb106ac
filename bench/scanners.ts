import { fillSchedules, type Schedules } from "./fill-schedules.ts";
import type { BenchPostgres } from "./postgres.ts";
import { type AskedProcess, startAskedProcess } from "./processes.ts";
import type { Scanned, ScanOrder } from "./scanner.ts";

export interface Scanner extends AskedProcess {
  readonly url: string;
  /** Opens what is due by then. @throws when that is not so many sessions */
  scan(at: string, expected: number): Promise<Scanned>;
}

/** A process that scans, with a new database of its own and so many schedules in it. */
export async function startScanner(postgres: BenchPostgres, name: string, schedules: Schedules): Promise<Scanner> {
  const url = await postgres.createDatabase(name);
  await fillSchedules(url, schedules);
  const child = await startAskedProcess("scanner.ts", { BENCH_DATABASE_URL: url }, ["--expose-gc"]);
  const scan = async (at: string, expected: number) => {
    const scanned = (await child.ask({ at } satisfies ScanOrder)) as Scanned;
    if (scanned.sessions !== expected) throw new Error(`${scanned.sessions} sessions in place of ${expected}`);
    return scanned;
  };
  return { ...child, url, scan };
}
