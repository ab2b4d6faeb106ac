import { type Clock, type ComparedClock, maxClockDifferenceSeconds } from "./clock.ts";

/** A leap is believed after it has lasted as long as it is wide, within these bounds. */
const minPatienceSeconds = 60;
const maxPatienceSeconds = 600;

interface SteadyClockNeeds {
  readonly machine: Clock;
  /** Seconds since the machine started, also while it was suspended; setting the clock does not change them. */
  readonly uptimeSeconds: () => number;
}

/** A leap of the machine's clock that is not believed yet. */
interface Leap {
  /** When the machine started, by the clock since the leap, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** The uptime at which the leap was noticed. */
  readonly since: number;
}

/**
 * The machine's clock without its leaps, for the embedded database, whose clock is the machine's. While the clock is off, time
 * goes on from what it was before the leap. A machine that was suspended has not leapt: its uptime went on.
 *
 * | the clock is | then |
 * | --- | --- |
 * | corrected by up to 30 s | it is followed |
 * | set 4000 days ahead for 8 s | those days never were |
 * | set 5 minutes ahead, and stays | it is followed after 5 minutes: it was wrong before |
 * | set a year ahead, and stays | it is followed after 10 minutes |
 */
export function createSteadyClock({ machine, uptimeSeconds }: SteadyClockNeeds): ComparedClock {
  let startedAt = machine.now().getTime() - uptimeSeconds() * 1000;
  let leap: Leap | null = null;

  /** @returns the milliseconds that the machine's clock is ahead of the time that is believed */
  function look(time: number): number {
    const uptime = uptimeSeconds();
    const startedByClock = time - uptime * 1000;
    const ahead = startedByClock - startedAt;
    if (isSmall(ahead)) {
      startedAt = startedByClock;
      leap = null;
      return 0;
    }
    if (leap === null || !isSmall(startedByClock - leap.startedAt)) leap = { startedAt: startedByClock, since: uptime };
    if (uptime - leap.since < toPatienceSeconds(ahead)) return ahead;
    startedAt = startedByClock;
    leap = null;
    return 0;
  }

  return {
    reference: "the time since this machine started",
    compare: async () => look(machine.now().getTime()) / 1000,
    now() {
      const time = machine.now().getTime();
      return new Date(time - look(time));
    },
    close: async () => {},
  };
}

function isSmall(milliseconds: number): boolean {
  return Math.abs(milliseconds) <= maxClockDifferenceSeconds * 1000;
}

function toPatienceSeconds(aheadMilliseconds: number): number {
  return Math.min(maxPatienceSeconds, Math.max(minPatienceSeconds, Math.abs(aheadMilliseconds) / 1000));
}
