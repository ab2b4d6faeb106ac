import { runClients } from "./clients.ts";
import type { Consume } from "./metering-ways.ts";
import { measureInTurns, type Round, type RoundOptions, type Turn } from "./rounds.ts";

/** Two ways to do the same, in turns. */
export interface Comparison {
  readonly work: string;
  readonly beside: string;
  /** The least ratio that is aimed at; null where it is told for information. */
  readonly atLeast: number | null;
}

export interface Compared extends Comparison {
  readonly rounds: readonly Round<"mine" | "other">[];
}

type Measure = (milliseconds: number) => Promise<Turn>;

/** In turns; both are warmed up first. */
export async function compare(
  comparison: Comparison,
  options: RoundOptions,
  mine: Measure,
  other: Measure,
): Promise<Compared> {
  const contestants = [
    { name: "mine", measure: mine },
    { name: "other", measure: other },
  ] as const;
  const compared = { ...comparison, rounds: await measureInTurns(contestants, options) };
  console.log(
    comparison.work,
    "beside",
    comparison.beside,
    toRatios(compared)
      .map((ratio) => ratio.toFixed(2))
      .join(" "),
  );
  return compared;
}

/** The ratio of my rate to the other's, for each round. */
export function toRatios({ rounds }: Compared): number[] {
  return rounds.map((round) => toPerSecond(round, "mine") / toPerSecond(round, "other"));
}

/** What this one did a second in this round. */
export function toPerSecond(round: Round<"mine" | "other">, name: "mine" | "other"): number {
  return round.get(name)?.perSecond ?? Number.NaN;
}

/** This way, by so many clients in this process. */
export function loadInside(consume: Consume, pickUser: () => string, clients: number): Measure {
  return async (milliseconds) => {
    const { requests, seconds, ...latencies } = await runClients(clients, milliseconds, () => consume(pickUser()));
    return { perSecond: requests / seconds, cpuMicrosecondsEach: null, ...latencies };
  };
}
