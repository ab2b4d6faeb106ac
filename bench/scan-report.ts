import { toMedian } from "./median.ts";
import type { ResultRow } from "./part.ts";
import { toSpread } from "./ratio.ts";
import type { Scanned } from "./scanner.ts";

/** Seconds of a scan among few schedules and among many, one directly after the other. */
export interface ScanRound {
  readonly few: number;
  readonly many: number;
}

/** So many due at once. */
export interface Herd {
  readonly size: number;
  readonly scanned: Scanned;
  readonly longestSeconds: number;
}

export interface ScanSetup {
  readonly few: number;
  readonly many: number;
  readonly due: number;
  readonly rounds: number;
}

const maxTimes = 1.3;
const maxTransactionSeconds = 1;

/** A line about the ratio, and one for each herd. */
export function toScanRows(rounds: readonly ScanRound[], herds: readonly Herd[], setup: ScanSetup): ResultRow[] {
  const ratios = toRatios(rounds);
  const median = toMedian(ratios);
  return [
    {
      work: `time of a scan that finds ${toCount(setup.due)} due, of ${toCount(setup.many)} schedules`,
      beside: `the same of ${toCount(setup.few)}`,
      result: median.toFixed(2),
      spread: toSpread(ratios, 2),
      aim: `≤ ${maxTimes}`,
      isReached: median <= maxTimes,
    },
    ...herds.map(({ size, longestSeconds }) => ({
      work: `longest transaction of a scan with ${toCount(size)} due at once`,
      beside: "",
      result: `${(longestSeconds * 1000).toFixed(0)} ms`,
      spread: "",
      aim: `< ${maxTransactionSeconds} s`,
      isReached: longestSeconds < maxTransactionSeconds,
    })),
  ];
}

/** The section of RESULTS.md. */
export function toScanText(rounds: readonly ScanRound[], herds: readonly Herd[], setup: ScanSetup): string {
  const toSeconds = (values: readonly number[]) => toMedian(values).toFixed(3);
  return `| ${toCount(setup.due)} due | seconds |
| --- | --- |
| of ${toCount(setup.many)} schedules | ${toSeconds(rounds.map(({ many }) => many))} |
| of ${toCount(setup.few)} | ${toSeconds(rounds.map(({ few }) => few))} |

| due at once | opened in | longest transaction | heap before / at most / after | resident at most |
| --- | --- | --- | --- | --- |
${herds.map(toLine).join("\n")}

- Time is that of \`scan\` until nothing is due, in batches of 1,000, in a process of its own for each database. ${setup.rounds} rounds,
  in turns; each opens the next minute's slots of the same schedules. Those not due stand in the index behind them.
- Heap before and after: as after a garbage collection. The longest transaction is asked of pg_stat_activity every 5 ms.
- Default policies, cron triggers in six zones. PostgreSQL 18 on the same machine, without fsync.
`;
}

function toRatios(rounds: readonly ScanRound[]): number[] {
  return rounds.map(({ few, many }) => many / few);
}

function toCount(value: number): string {
  return value.toLocaleString("en");
}

function toLine({ size, scanned, longestSeconds }: Herd): string {
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const cells = [
    toCount(size),
    `${scanned.seconds.toFixed(1)} s`,
    `${(longestSeconds * 1000).toFixed(0)} ms`,
    `${mebibytes(scanned.heapBeforeBytes)} / ${mebibytes(scanned.peakHeapBytes)} / ${mebibytes(scanned.heapAfterBytes)}`,
    mebibytes(scanned.peakRssBytes),
  ];
  return `| ${cells.join(" | ")} |`;
}
