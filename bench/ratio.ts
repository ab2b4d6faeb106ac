import { toMedian } from "./median.ts";
import type { ResultRow } from "./part.ts";

interface Compared {
  readonly work: string;
  readonly beside: string;
  /** One of each round. */
  readonly ratios: readonly number[];
  /** The least ratio that is aimed at; null where there is no aim. */
  readonly atLeast: number | null;
}

/** A line of the table about how many times the other's rate ours is. */
export function toRatioRow({ work, beside, ratios, atLeast }: Compared): ResultRow {
  const median = toMedian(ratios);
  return {
    work,
    beside,
    result: median.toFixed(2),
    spread: toSpread(ratios, 2),
    aim: atLeast === null ? "" : `≥ ${atLeast}`,
    isReached: atLeast === null ? null : median >= atLeast,
  };
}

/** As in "0.51 to 0.64". */
export function toSpread(values: readonly number[], digits: number): string {
  return `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;
}
