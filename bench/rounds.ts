/** The work of one contestant in one turn. */
export interface Turn {
  readonly perSecond: number;
  /** User and system time of its own processes; null where this system does not tell it. */
  readonly cpuMicrosecondsEach: number | null;
  readonly medianMilliseconds: number;
  readonly p99Milliseconds: number;
}

/** Someone who does the work, loaded for so long. */
export interface Contestant<Name extends string> {
  readonly name: Name;
  measure(milliseconds: number): Promise<Turn>;
}

/** All contestants, one directly after the other. */
export type Round<Name extends string> = ReadonlyMap<Name, Turn>;

export interface RoundOptions {
  readonly rounds: number;
  readonly warmUpMilliseconds: number;
  readonly roundMilliseconds: number;
}

/**
 * Loads the contestants in turns. Whatever else the machine does falls on all; who goes first changes from round to round,
 * so that no drift favours one.
 */
export async function measureInTurns<Name extends string>(
  contestants: readonly Contestant<Name>[],
  { rounds, warmUpMilliseconds, roundMilliseconds }: RoundOptions,
): Promise<Round<Name>[]> {
  for (const contestant of contestants) await contestant.measure(warmUpMilliseconds);
  const measured: Round<Name>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const first = round % contestants.length;
    const turns = new Map<Name, Turn>();
    for (const contestant of [...contestants.slice(first), ...contestants.slice(0, first)])
      turns.set(contestant.name, await contestant.measure(roundMilliseconds));
    measured.push(turns);
  }
  return measured;
}
