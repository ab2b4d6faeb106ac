import { once } from "node:events";
import { Registry } from "prom-client";
import { afterEach, describe, expect, test } from "vitest";
import { createLogger } from "../../../src/platform/log.ts";
import { createLoop, type Loop } from "../../../src/platform/worker/loop.ts";
import { createWorkerMetrics } from "../../../src/platform/worker/metrics.ts";
import { createWakeUp } from "../../../src/platform/worker/wake-up.ts";

describe("a loop", () => {
  let loop: Loop;
  afterEach(() => loop.stop());

  /** A loop whose own pace is slower than a test. */
  function open(turn: (signal: AbortSignal) => Promise<unknown>, { everySeconds = 3600, maxTurnSeconds = 3600 } = {}) {
    const lines: { msg: string; level: string }[] = [];
    const log = createLogger(
      { level: "info", format: "json" },
      { write: (line: string) => lines.push(JSON.parse(line)) },
    );
    const metrics = createWorkerMetrics(new Registry());
    loop = createLoop({ name: "test", everySeconds, maxTurnSeconds, turn, log, metrics });
    return { lines, metrics };
  }

  /** Turns that tests can count. */
  function createTurns(act: (turn: number) => Promise<unknown> = async () => {}) {
    const events = new EventTarget();
    let count = 0;
    const turn = async () => {
      count += 1;
      const now = count;
      try {
        await act(now);
      } finally {
        events.dispatchEvent(new Event(`turn ${now}`));
      }
    };
    return { turn, count: () => count, taken: (turn: number) => once(events, `turn ${turn}`) };
  }

  test("takes the first turn at once, and the next when it is woken", async () => {
    const turns = createTurns();
    open(turns.turn);
    const [first, second] = [turns.taken(1), turns.taken(2)];
    loop.start();
    await first;
    loop.wake();
    await second;
    expect(turns.count()).toBe(2);
  });

  test("takes turns at its own pace", async () => {
    const turns = createTurns();
    open(turns.turn, { everySeconds: 0.001 });
    const third = turns.taken(3);
    loop.start();
    await third;
  });

  test("takes another turn right after one during which it was woken", async () => {
    const turns = createTurns(async (turn) => {
      if (turn === 1) loop.wake();
    });
    open(turns.turn);
    const second = turns.taken(2);
    loop.start();
    await second;
  });

  test("never takes two turns at once, however often it is started", async () => {
    let at = 0;
    let maxRunning = 0;
    const turns = createTurns(async () => {
      at += 1;
      maxRunning = Math.max(maxRunning, at);
      await Promise.resolve();
      at -= 1;
    });
    open(turns.turn, { everySeconds: 0.001 });
    const fifth = turns.taken(5);
    loop.start();
    loop.start();
    await fifth;
    expect(maxRunning).toBe(1);
  });

  test("stop aborts the turn under way and waits for its end; so does a second stop", async () => {
    const begun = Promise.withResolvers<void>();
    let isEnded = false;
    open(async (signal) => {
      begun.resolve();
      await once(signal, "abort");
      isEnded = true;
    });
    loop.start();
    await begun.promise;
    await Promise.all([loop.stop(), loop.stop()]);
    expect(isEnded).toBe(true);
    loop.start();
  });

  test("a stop before the start prevents the start", async () => {
    const turns = createTurns();
    open(turns.turn);
    await loop.stop();
    loop.start();
    expect(turns.count()).toBe(0);
  });

  test("aborts the signal of a turn that takes too long", async () => {
    const aborted = Promise.withResolvers<unknown>();
    open(
      async (signal) => {
        await once(signal, "abort");
        aborted.resolve(signal.reason);
      },
      { maxTurnSeconds: 0.01 },
    );
    loop.start();
    expect(await aborted.promise).toMatchObject({ name: "TimeoutError" });
  });

  test("goes on after failing turns, logs a repeated cause once, and logs when it works again", async () => {
    const turns = createTurns(async (turn) => {
      if (turn <= 3) throw new Error("the database is away");
      if (turn === 4) throw new Error("something else");
    });
    const { lines, metrics } = open(turns.turn);
    for (let turn = 1; turn <= 5; turn += 1) {
      const taken = turns.taken(turn);
      if (turn === 1) loop.start();
      else loop.wake();
      await taken;
      await Promise.resolve();
    }
    await loop.stop();
    expect(lines.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
      "error worker turn failed; it will be tried again",
      "error worker turn failed; it will be tried again",
      "info worker works again",
    ]);
    const { values } = await metrics.turns.get();
    expect(values.map(({ labels, value }) => [labels.outcome, value])).toEqual([
      ["failed", 4],
      ["done", 1],
    ]);
  });
});

test("a wake-up reaches every listener", () => {
  const wakeUp = createWakeUp();
  const heard: string[] = [];
  wakeUp.listen(() => heard.push("a"));
  wakeUp.listen(() => heard.push("b"));
  wakeUp.wake();
  expect(heard).toEqual(["a", "b"]);
});
