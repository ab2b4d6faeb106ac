import { describe, expect, test } from "vitest";
import { createSteadyClock } from "../../src/platform/steady-clock.ts";

const start = Date.parse("2026-11-30T12:00:00Z");

/** A machine that has run for a day. Its clock and its uptime go on together until the clock is set. */
function createMachine() {
  const machine = { time: start, uptimeSeconds: 86_400 };
  const clock = createSteadyClock({
    machine: { now: () => new Date(machine.time) },
    uptimeSeconds: () => machine.uptimeSeconds,
  });
  return {
    clock,
    pass(seconds: number) {
      machine.time += seconds * 1000;
      machine.uptimeSeconds += seconds;
    },
    set(byDays: number) {
      machine.time += byDays * 86_400_000;
    },
    seconds: () => (clock.now().getTime() - start) / 1000,
  };
}

const second = 1 / 86_400;

describe("the time of a process with an embedded database", () => {
  test.each([4000, -4000, 1 / 24, -1 / 24])("goes on when the clock leaps by %d days and back", async (days) => {
    const { clock, pass, set, seconds } = createMachine();
    set(days);
    for (let count = 0; count < 59; count += 1) {
      expect(seconds()).toBe(count);
      expect(await clock.compare()).toBeCloseTo(days * 86_400, 3);
      pass(1);
    }
    set(-days);
    expect(await clock.compare()).toBe(0);
    expect(seconds()).toBe(59);
  });

  test("follows small corrections, however many", async () => {
    const { clock, pass, set, seconds } = createMachine();
    for (let count = 0; count < 10; count += 1) {
      set(20 * second);
      expect(await clock.compare()).toBe(0);
      pass(1);
    }
    expect(seconds()).toBeCloseTo(210, 3);
  });

  test.each([
    { lasts: 60, leapSeconds: 40 },
    { lasts: 300, leapSeconds: -300 },
    { lasts: 600, leapSeconds: 4000 * 86_400 },
  ])("follows a leap of $leapSeconds s after $lasts s", async ({ lasts, leapSeconds }) => {
    const { clock, pass, set, seconds } = createMachine();
    set(leapSeconds * second);
    expect(await clock.compare()).not.toBe(0);
    pass(lasts - 1);
    expect(await clock.compare()).not.toBe(0);
    pass(1);
    expect(await clock.compare()).toBe(0);
    expect(seconds()).toBeCloseTo(lasts + leapSeconds, 3);
  });

  test("begins to wait again when the clock leaps again", async () => {
    const { clock, pass, set } = createMachine();
    set(0.5);
    await clock.compare();
    pass(500);
    set(0.5);
    expect(await clock.compare()).toBeCloseTo(86_400, 3);
    pass(599);
    expect(await clock.compare()).toBeCloseTo(86_400, 3);
  });

  test("passes while the machine is suspended", async () => {
    const { clock, pass, seconds } = createMachine();
    pass(8 * 3600);
    expect(await clock.compare()).toBe(0);
    expect(seconds()).toBe(8 * 3600);
  });
});
