import { cpus, loadavg, totalmem } from "node:os";
import { toMedian } from "./median.ts";
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

interface Setup {
  readonly few: number;
  readonly many: number;
  readonly due: number;
  readonly rounds: number;
}

export function toScanReport(rounds: readonly ScanRound[], herds: readonly Herd[], setup: Setup): string {
  const ratios = rounds.map(({ few, many }) => many / few);
  const inMilliseconds = (seconds: readonly number[]) => (toMedian(seconds) * 1000).toFixed(0);
  const count = (value: number) => value.toLocaleString("en");
  return `| ${count(setup.due)} due | ratio | spread of the rounds | aim | first, ms | second, ms |
| --- | --- | --- | --- | --- | --- |
| of ${count(setup.many)} schedules / of ${count(setup.few)} | **${toMedian(ratios).toFixed(2)}** | ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)} | ≤ 1.3 | ${inMilliseconds(rounds.map(({ many }) => many))} | ${inMilliseconds(rounds.map(({ few }) => few))} |

| due at once | opened in | longest transaction (aim: < 1 s) | heap before / at most / after | resident at most |
| --- | --- | --- | --- | --- |
${herds.map(toLine).join("\n")}

- Time is that of \`scan\` until nothing is due, in batches of 1,000, in a process of its own for each database. ${setup.rounds} rounds,
  in turns; each opens the next minute's slots of the same schedules. Those not due stand in the index behind them.
- Heap before and after: as after a garbage collection. The longest transaction is asked of pg_stat_activity every 5 ms.
- Default policies, cron triggers in six zones. PostgreSQL 18 on the same machine, without fsync.
- Machine: ${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB; load average at the end ${loadavg()[0]?.toFixed(1)}. Node ${process.version}.
`;
}

function toLine({ size, scanned, longestSeconds }: Herd): string {
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const cells = [
    size.toLocaleString("en"),
    `${scanned.seconds.toFixed(1)} s`,
    `${(longestSeconds * 1000).toFixed(0)} ms`,
    `${mebibytes(scanned.heapBeforeBytes)} / ${mebibytes(scanned.peakHeapBytes)} / ${mebibytes(scanned.heapAfterBytes)}`,
    mebibytes(scanned.peakRssBytes),
  ];
  return `| ${cells.join(" | ")} |`;
}
