import { hostname } from "node:os";
import { Gauge, type Registry } from "prom-client";
import { type ComparedClock, maxClockDifferenceSeconds } from "../clock.ts";
import type { Database } from "../database/tables.ts";
import type { Logger } from "../log.ts";
import { reportClock, withdrawClockReport } from "./clock-reports.ts";
import { createLoop, type Loop } from "./loop.ts";
import type { WorkerMetrics } from "./metrics.ts";

/**
 * Keeps steps that go by time from running while the machine's clock and its reference disagree. Such a step opens the sessions
 * of slots, takes over leases, or deletes old rows. EOM cannot know which clock is wrong, and none of that can be undone.
 */
export interface ClockGuard {
  /** Compares the clocks. A process whose clock is off reports it: log, metric, overview and doctor. */
  isRight(): Promise<boolean>;
}

interface GuardNeeds {
  readonly db: Database;
  readonly clock: ComparedClock;
  readonly log: Logger;
  readonly registry: Registry;
}

/** Creates the guard of this process; once for a registry. */
export function createClockGuard({ db, clock, log, registry }: GuardNeeds): ClockGuard {
  const name = `${hostname()}/${process.pid}`;
  const difference = new Gauge({
    name: "eom_clock_difference_seconds",
    help: "Seconds that this machine's clock is ahead of the database's (negative: behind); embedded: ahead of the time since the machine started",
    registers: [registry],
  });
  let wasRight = true;

  function logChange(isRight: boolean, aheadSeconds: number): void {
    const details = { ahead_seconds: aheadSeconds, reference: clock.reference };
    if (!isRight)
      log.error(details, "this machine's clock is off: this process neither scans nor sweeps until it is set right");
    else log.info(details, "this machine's clock is right again: this process scans and sweeps");
  }

  async function isRight(): Promise<boolean> {
    const aheadSeconds = await clock.compare();
    const isRight = Math.abs(aheadSeconds) <= maxClockDifferenceSeconds;
    difference.set(aheadSeconds);
    if (isRight !== wasRight) logChange(isRight, aheadSeconds);
    if (!isRight) await reportClock(db, { process: name, aheadSeconds, now: clock.now() });
    else if (!wasRight) await withdrawClockReport(db, name, clock.now());
    wasRight = isRight;
    return isRight;
  }

  return { isRight };
}

/** Less than a report is believed without being repeated. */
const everySeconds = 10;
const maxTurnSeconds = 20;

interface ClockLoopNeeds {
  readonly clockGuard: ClockGuard;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
}

/** Compares the clocks in every process, also in one that has no step which goes by time. */
export function createClockLoop({ clockGuard, log, metrics }: ClockLoopNeeds): Loop {
  return createLoop({ name: "clock", everySeconds, maxTurnSeconds, turn: clockGuard.isRight, log, metrics });
}
