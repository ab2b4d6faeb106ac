import { toMedian } from "./median.ts";
import type { ResultRow } from "./part.ts";
import type { ScaleCase } from "./scale-lists.ts";
import { toSpread } from "./turns.ts";

const aim = 1.3;

export interface Scaled extends Pick<ScaleCase, "of" | "name" | "isCounted"> {
  /** Milliseconds at each size, for each round. */
  readonly rounds: readonly (readonly number[])[];
}

/** One line for what finds as much at every size, and one for what finds, and counts, everything. */
export function toRows(scaled: readonly Scaled[]): ResultRow[] {
  return [...Map.groupBy(scaled, ({ of }) => of)].flatMap(([of, cases]) => [
    ...toRow(of, cases, false),
    ...toRow(`${of}, all of them`, cases, true),
  ]);
}

/** Told is the case that grows most. */
function toRow(of: string, cases: readonly Scaled[], isCounted: boolean): ResultRow[] {
  const [worst] = cases
    .filter((testCase) => testCase.isCounted === isCounted)
    .map((testCase) => ({ first: toGrowth(testCase, 0), second: toGrowth(testCase, 1) }))
    .sort((left, right) => right.first.median - left.first.median);
  if (worst === undefined) return [];
  return [
    {
      work: `${of}: rows ×10, ×100, ×1000`,
      beside: "itself among the fewest",
      result: isCounted ? `${worst.first.result} (${worst.second.result} from 10,000 on)` : worst.first.result,
      spread: worst.first.spread,
      aim: `≤ ${aim}`,
      isReached: worst.first.median <= aim,
    },
  ];
}

/** The greatest ratio that a larger size comes to, of those after `base`, to that one. */
function toGrowth({ rounds }: Scaled, base: number) {
  const later = [...(rounds[0]?.keys() ?? [])].slice(base + 1);
  const spreads = later.map((size) =>
    toSpread(
      rounds.map((milliseconds) => (milliseconds[size] ?? 0) / (milliseconds[base] ?? 0)),
      (ratio) => ratio.toFixed(2),
    ),
  );
  return spreads.reduce((greatest, spread) => (spread.median > greatest.median ? spread : greatest));
}

interface Setup {
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly calls: number;
  readonly warmCalls: number;
  readonly version: string;
}

export function toText(scaled: readonly Scaled[], { sizes, rounds, calls, warmCalls, version }: Setup): string {
  const lines = scaled.map((testCase) => {
    const medians = sizes.map((_, size) => toMedian(testCase.rounds.map((milliseconds) => milliseconds[size] ?? 0)));
    const growth = [toGrowth(testCase, 0), toGrowth(testCase, 1)].map(({ result, spread }) => `${result} (${spread})`);
    return `| ${[testCase.of, testCase.name, ...medians.map((median) => median.toFixed(2)), ...growth].join(" | ")} |`;
  });
  const heads = sizes.map((size) => `${size.toLocaleString("en")} rows, ms`);
  const columns = ["what", "asked how", ...heads, "the slowest to the first", "to the second"];
  return `| ${columns.join(" | ")} |
| ${columns.map(() => "---").join(" | ")} |
${lines.join("\n")}

- Every list that the API has, as its room's own query, page of 8 and total together; scan, pick and consume as the workers and the
  metering service call them, one at a time. No HTTP. More ways to list storages: \`npm run scale\` of this folder.
- A case asks for the same at each size; what finds twenty has them all among the first thousand rows and asks for them from the
  other end of the order.
- A total is exact up to 10,000: what finds all counts a thousand rows at the first size and ten thousand at every other, so
  only from the second size on does it do the same work.
- A database of each size, filled set-based, indexes made after the rows, vacuumed. ${rounds} rounds in turns, of ${calls} calls at each size or
  half a second of them, of which the median counts; before, ${warmCalls} calls that do not count. In brackets: the spread of the
  rounds. PostgreSQL ${version} on the same machine, without fsync, shared_buffers of 256 MB.

What grows with the table, and why (EXPLAIN, ANALYZE, BUFFERS):

- A total up to 10,000, by contract: from the second size on it does not.
- \`keyword\` and \`label\`, by less than a millisecond: the lists of rows in a trigram's or label's index are longer, and those of
  several trigrams are met with each other.
- Nothing else: \`test/bench/growth.test.ts\` asks these cases in tables of two lengths and counts the blocks that are read.
`;
}
