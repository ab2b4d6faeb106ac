import { fillBack } from "../backfills/fill.ts";
import { carryOutBulks } from "../bulk/carry-out.ts";
import type { Engine } from "../engines/engine.ts";
import { autoDisable } from "./auto-disable.ts";
import type { EngineContext, SchedulerContext } from "./context.ts";
import { mend } from "./mend/mend.ts";
import { pickAndLaunch } from "./pick/pick-and-launch.ts";
import { poll } from "./poll/poll.ts";
import { renew } from "./renew/renew.ts";
import { scan } from "./scan/scan.ts";
import { endDoubtfulRuns } from "./search/doubtful-launches.ts";
import { search } from "./search/search.ts";
import { sweepLeases } from "./sweep/sweep.ts";
import type { TickName } from "./tick-names.ts";

type StepName = TickName | "renew" | "search" | "mend" | "doubtful-runs";

/** One row of the table below. */
interface Step<Context, Summary> {
  readonly name: StepName;
  /** The workers that take it. */
  readonly of: readonly TickName[];
  readonly everySeconds: number | "engine's pollSeconds";
  /** One turn. Any number of processes may take it at once, and any of them may die between two statements. */
  take(context: Context, signal: AbortSignal): Promise<Summary>;
  /** Left out while this machine's clock is off: what it does by the time cannot be undone. */
  readonly needsRightClock?: boolean;
  /** The steps of this process that have work now, for example new sessions or new room in an engine. */
  wakes?(summary: Summary): readonly StepName[];
}

/** The table of contents of the scheduler, in the order in which a slot passes through it. A new step is a row here. */
export const steps: readonly SchedulerStep[] = [
  processStep({ name: "renew", of: ["pick", "poll", "sweep"], everySeconds: 15, take: renew }),
  processStep({
    name: "scan",
    of: ["scan"],
    everySeconds: 1,
    needsRightClock: true,
    take: scan,
    wakes: ({ sessions }) => (sessions > 0 ? ["pick"] : []),
  }),
  processStep({
    name: "backfill",
    of: ["backfill"],
    everySeconds: 2,
    take: fillBack,
    wakes: ({ sessions }) => (sessions > 0 ? ["pick"] : []),
  }),
  processStep({
    name: "bulk",
    of: ["bulk"],
    everySeconds: 2,
    take: carryOutBulks,
    wakes: ({ acted }) => (acted > 0 ? ["pick", "poll"] : []),
  }),
  engineStep({ name: "pick", of: ["pick"], everySeconds: 1, take: pickAndLaunch }),
  engineStep({
    name: "poll",
    of: ["poll"],
    everySeconds: "engine's pollSeconds",
    take: poll,
    wakes: ({ ended }) => (ended > 0 ? ["pick", "backfill"] : []),
  }),
  // After poll: in a single turn of `eom tick poll`, a slow search must not use up the time for runs that are known.
  engineStep({ name: "search", of: ["poll"], everySeconds: "engine's pollSeconds", take: search }),
  processStep({
    name: "auto-disable",
    of: ["auto-disable"],
    everySeconds: 15,
    needsRightClock: true,
    take: autoDisable,
  }),
  processStep({
    name: "sweep",
    of: ["sweep"],
    everySeconds: 15,
    needsRightClock: true,
    take: sweepLeases,
    wakes: ({ requeued }) => (requeued > 0 ? ["pick"] : []),
  }),
  processStep({
    name: "mend",
    of: ["sweep"],
    everySeconds: 15,
    needsRightClock: true,
    take: mend,
    wakes: ({ mended }) => (mended > 0 ? ["scan"] : []),
  }),
  engineStep({ name: "doubtful-runs", of: ["sweep"], everySeconds: 15, take: endDoubtfulRuns }),
];

/** Steps that a request of the API, or the end of a run in this process, may have work for. */
export const wokenByWork: readonly StepName[] = ["backfill", "bulk", "pick", "poll"];

/** Counts of one turn, for people and logs: `{"claimed":3,"launched":3,…}`. */
export type TickSummary = Readonly<Record<string, number>>;

/** The work of one loop. */
interface Turn {
  /** Names the loop in logs and metrics: `scan`, `poll dagster`. */
  readonly name: string;
  readonly everySeconds: number;
  take(signal: AbortSignal): Promise<{ readonly summary: TickSummary; readonly wakes: readonly StepName[] }>;
}

/** A row, whatever the type of its summary. */
interface SchedulerStep {
  readonly name: StepName;
  readonly of: readonly TickName[];
  /** One turn, or one for each engine: an engine that answers slowly delays no other engine and no other step. */
  listTurns(context: SchedulerContext): Turn[];
}

function processStep<Summary extends object>(row: Step<SchedulerContext, Summary>): SchedulerStep {
  return { name: row.name, of: row.of, listTurns: (context) => [toTurn(row, context, row.name, 0)] };
}

function engineStep<Summary extends object>(row: Step<EngineContext, Summary>): SchedulerStep {
  const toEngineTurn = (context: SchedulerContext, engine: Engine) =>
    toTurn(row, { ...context, engine }, `${row.name} ${engine.name}`, engine.pollSeconds);
  return {
    name: row.name,
    of: row.of,
    listTurns: (context) => context.engines.all.map((engine) => toEngineTurn(context, engine)),
  };
}

function toTurn<Context extends Pick<EngineContext, "clockGuard">, Summary extends object>(
  { everySeconds, needsRightClock = false, take, wakes }: Step<Context, Summary>,
  context: Context,
  name: string,
  pollSeconds: number,
): Turn {
  return {
    name,
    everySeconds: typeof everySeconds === "number" ? everySeconds : pollSeconds,
    async take(signal) {
      if (needsRightClock && !(await context.clockGuard.isRight())) return { summary: {}, wakes: [] };
      const summary = await take(context, signal);
      return { summary: { ...summary } as TickSummary, wakes: wakes?.(summary) ?? [] };
    },
  };
}

/**
 * Takes one turn of each of a worker's steps, in their order; the engines of a step take it concurrently.
 *
 * @throws the first error, after every step had its turn
 */
export async function tick(name: TickName, context: SchedulerContext, signal: AbortSignal): Promise<TickSummary> {
  const sum: Record<string, number> = {};
  const errors: unknown[] = [];
  for (const step of steps.filter(({ of }) => of.includes(name))) {
    const turns = await Promise.allSettled(step.listTurns(context).map(({ take }) => take(signal)));
    for (const turn of turns) {
      if (turn.status === "rejected") errors.push(turn.reason);
      else for (const [key, count] of Object.entries(turn.value.summary)) sum[key] = (sum[key] ?? 0) + count;
    }
  }
  if (errors.length > 0) throw errors[0];
  return sum;
}
