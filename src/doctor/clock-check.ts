import { type ComparedClock, toDeltaText } from "../platform/clock.ts";
import type { Concerns } from "../platform/resource/concerns.ts";
import type { Check } from "./checks.ts";

/** NTP keeps clocks closer than this. A process does not scan above `maxClockDifferenceSeconds`, which is more. */
const maxHealthySeconds = 5;

/**
 * Checks this machine's clock, and that no other process has reported that its own is off.
 *
 * @param findWrongClocks the processes whose clock is off
 */
export function createClockCheck(clock: ComparedClock, findWrongClocks: () => Promise<Concerns>): Check {
  return {
    name: "clock",
    async run() {
      const aheadSeconds = await clock.compare();
      if (Math.abs(aheadSeconds) > maxHealthySeconds) {
        throw new Error(
          `This machine's clock is ${toDeltaText(aheadSeconds)} of ${clock.reference}: set both by NTP. Restart EOM if the clock was wrong when EOM started.`,
        );
      }
      const { items } = await findWrongClocks();
      const [first] = items;
      if (first !== undefined) throw new Error(`Process ${first.name}: ${first.why}. Set its machine's clock by NTP.`);
      return `agrees with ${clock.reference}; time zones ${process.versions.tz}`;
    },
  };
}
