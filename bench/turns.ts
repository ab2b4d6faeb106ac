import { toMedian } from "./median.ts";

/** Both sides of a round, measured one directly after the other. */
export interface Turn<Measured> {
  readonly mine: Measured;
  readonly other: Measured;
}

/** Whatever else the machine does falls on both; who goes first changes, so that no drift favours one. */
export async function takeTurns<Measured>(
  rounds: number,
  mine: (round: number) => Promise<Measured>,
  other: (round: number) => Promise<Measured>,
): Promise<Turn<Measured>[]> {
  const turns: Turn<Measured>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const first = await (round % 2 === 0 ? mine : other)(round);
    const second = await (round % 2 === 0 ? other : mine)(round);
    turns.push(round % 2 === 0 ? { mine: first, other: second } : { mine: second, other: first });
  }
  return turns;
}

/** The median of the rounds and, in words, the least and the greatest of them. */
export function toSpread(values: readonly number[], toText: (value: number) => string) {
  return {
    median: toMedian(values),
    result: toText(toMedian(values)),
    spread: `${toText(Math.min(...values))} to ${toText(Math.max(...values))}`,
  };
}
