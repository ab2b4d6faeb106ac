import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type Engine,
  type LaunchRequest,
  maxStatusIds,
  type RunStatus,
  type SessionAttempt,
} from "../../src/engines/engine.ts";
import { createId } from "../../src/platform/id.ts";
import { patience } from "../support/time-limits.ts";

/**
 * An engine with three jobs: `ok` succeeds, `fail` fails, `hang` runs until it is canceled. The suite below is the contract of every
 * engine, real or fake.
 */
export interface EngineUnderTest {
  readonly engine: Engine;
  /** Fields of the statuses of ended `ok` and `fail`, and of running `hang`: engines report more or less. */
  readonly reports: {
    readonly ok: { readonly result: unknown; readonly output: unknown };
    readonly fail: { readonly error: unknown; readonly output: unknown };
    readonly hang: { readonly output: unknown };
  };
  /** The location of its jobs. */
  readonly job: { readonly location: string | null; readonly repository: string | null };
  /** Kinds that its jobs serve. */
  readonly kinds: readonly number[];
  /** Advances the runs of a fake; does nothing for a real engine. */
  work(): void;
  /** Lets the next launch have no clear answer. Null for an engine in this process, whose answers cannot be lost. */
  readonly answerUnclearly: ((how: "with a run" | "without a run") => void) | null;
  /** Makes the engine unusable. @returns a pattern for the detail of its check */
  breakDown(): Promise<RegExp>;
  close(): Promise<void>;
}

export function describeEngine(name: string, createEngine: () => Promise<EngineUnderTest>): void {
  describe(`the engine ${name}`, () => {
    let under: EngineUnderTest;
    let engine: Engine;
    beforeEach(async () => {
      under = await createEngine();
      engine = under.engine;
    });
    afterEach(() => under.close());

    function toJob(name: string, more: Partial<LaunchRequest> = {}): LaunchRequest {
      return toRequest(name, { job: { ...under.job, name }, ...more });
    }

    async function launch(request: LaunchRequest): Promise<string> {
      const outcome = await engine.launch(request);
      if (outcome.outcome !== "launched") throw new Error(`not launched: ${JSON.stringify(outcome)}`);
      return outcome.runId;
    }

    async function findRuns(request: LaunchRequest, attempt: number): Promise<readonly string[]> {
      const [runs] = await engine.listRuns([toAttempt(request, attempt)]);
      return (runs ?? []).map(({ runId }) => runId);
    }

    async function find(runId: string): Promise<RunStatus | undefined> {
      return (await engine.status([runId])).get(runId);
    }

    /** Asks, as the poller does, until the status is as wanted. */
    async function until(runId: string, expected: object): Promise<RunStatus> {
      const ask = async () => {
        under.work();
        const status = await find(runId);
        expect(status).toMatchObject(expected);
        return status as RunStatus;
      };
      return vi.waitFor(ask, patience);
    }

    test("launches a run that is found by its session and attempt, and by no other key", async () => {
      const request = toJob("hang", { attempt: 2 });
      const runId = await launch(request);
      expect(runId).not.toBe("");
      const other = toJob("hang");
      const otherRunId = await launch(other);
      const asked = [toAttempt(request, 2), toAttempt(other, 2), toAttempt(request, 1), toAttempt(other, 1)];
      const matches = await engine.listRuns([{ sessionId: createId(), attempt: 1 }, ...asked]);
      expect(matches.map((runs) => runs?.map((run) => run.runId))).toEqual([[], [runId], [], [], [otherRunId]]);
      expect(matches.flat().every((run) => run?.isSubmitted)).toBe(true);
      expect(await engine.listRuns([])).toEqual([]);
    });

    test("keeps the runs of two attempts of a session apart", async () => {
      const request = toJob("ok");
      const first = await launch(request);
      await until(first, { state: "succeeded" });
      const second = await launch({ ...request, attempt: 2 });
      expect(second).not.toBe(first);
      expect(await findRuns(request, 1)).toEqual([first]);
      expect(await findRuns(request, 2)).toEqual([second]);
    });

    test("refuses an unknown job with a sentence that names it, and has no run of it", async () => {
      const request = toJob("nowhere");
      const outcome = await engine.launch(request);
      expect(outcome).toMatchObject({
        outcome: expect.stringMatching(/^(refused|not_ready)$/),
        error: { code: expect.stringMatching(/^[A-Z][A-Z_]+$/), message: expect.stringContaining("nowhere") },
      });
      expect(await findRuns(request, 1)).toEqual([]);
    });

    test.for(["with a run", "without a run"] as const)(
      "resolves a lost answer, %s, by a search",
      async (how, { skip }) => {
        if (under.answerUnclearly === null) return skip("its launches have no other side");
        under.answerUnclearly(how);
        const request = toJob("ok");
        expect(await engine.launch(request)).toMatchObject({
          outcome: "unclear",
          message: expect.stringMatching(/\w/),
        });
        const matches = await findRuns(request, 1);
        expect(matches).toHaveLength(how === "with a run" ? 1 : 0);
        for (const runId of matches) await until(runId, { state: "succeeded" });
      },
    );

    test("reports times, result and output of a run that succeeds, as far as the engine knows them", async () => {
      const before = Date.now();
      const runId = await launch(toJob("ok"));
      const status = await until(runId, { state: "succeeded", error: null, ...under.reports.ok });
      expectTimes(status, before);
    });

    test("reports why a run failed: code, sentence and step", async () => {
      const before = Date.now();
      const runId = await launch(toJob("fail"));
      const status = await until(runId, { state: "failed", result: null, ...under.reports.fail });
      expectTimes(status, before);
      const { error } = status as Extract<RunStatus, { endedAt: Date }>;
      expect(error?.code).toMatch(/^[A-Z][A-Z_]+$/);
      expect(error?.message).toMatch(/^[A-Z].+/s);
    });

    test("reports start and output of a run under way", async () => {
      const runId = await launch(toJob("hang"));
      const status = await until(runId, { state: "running", startedAt: expect.any(Date), ...under.reports.hang });
      expect(status).not.toHaveProperty("endedAt");
    });

    test("ends a canceled run as canceled, also if it is asked twice", async () => {
      const runId = await launch(toJob("hang"));
      await until(runId, { state: "running" });
      await Promise.all([engine.cancel([runId]), engine.cancel([runId])]);
      expect(await until(runId, { state: "canceled" })).toMatchObject({ endedAt: expect.any(Date), result: null });
    });

    test("changes nothing by a cancel of an ended run, and accepts the cancel of an unknown run", async () => {
      const runId = await launch(toJob("ok"));
      const ended = await until(runId, { state: "succeeded" });
      await engine.cancel([runId, createId()]);
      await engine.cancel([createId()], { force: true });
      await engine.cancel([]);
      under.work();
      expect(await find(runId)).toEqual(ended);
    });

    test("reports many runs at once, leaves out unknown runs, and returns nothing for no ids", async () => {
      const known = [await launch(toJob("hang")), await launch(toJob("ok")), await launch(toJob("hang"))];
      const unknown = Array.from({ length: maxStatusIds - known.length }, createId);
      const statuses = await engine.status([...unknown, ...known]);
      expect([...statuses.keys()].sort()).toEqual([...known].sort());
      expect((await engine.status([])).size).toBe(0);
    });

    test("ignores forget for a run under way", async () => {
      const runId = await launch(toJob("hang"));
      engine.forget(runId);
      expect(await find(runId)).toBeDefined();
      await until(runId, { state: "running" });
    });

    test("lists its jobs with the kinds of schedules that they serve", async () => {
      const jobs = await engine.jobs();
      for (const expected of ["ok", "fail", "hang"]) {
        const job = jobs.find(({ name }) => name === expected);
        expect(job?.kinds).toEqual(under.kinds);
      }
    });

    test("accepts a known job of a schedule, and refuses an unknown one by name", async () => {
      expect(await engine.checkJob(toJob("ok"))).toEqual({ verdict: "accepted" });
      expect(await engine.checkJob(toJob("nowhere"))).toEqual({
        verdict: "refused",
        issues: [{ path: ["job", "name"], message: expect.stringContaining("nowhere"), code: "unknown_job" }],
      });
    });

    test("has room while it is idle", () => {
      expect(engine.room()).toBeGreaterThan(0);
    });

    test("checks that it works, and says what is wrong if not", async () => {
      expect(await engine.check()).toEqual({ state: "ok", detail: expect.stringMatching(/\w/) });
      const named = await under.breakDown();
      expect(await engine.check()).toEqual({ state: "failing", detail: expect.stringMatching(named) });
    });

    test("has no run in this process after close: runs elsewhere go on, runs here have failed with a reason", async () => {
      const request = toJob("hang");
      const runId = await launch(request);
      await until(runId, { state: "running" });
      expect(engine.held().map((run) => run.sessionId)).toEqual(engine.durable ? [] : [request.sessionId]);
      await Promise.all([engine.close(), engine.close()]);
      await engine.waitUntilIdle();
      expect(engine.held().filter(({ isOver }) => !isOver)).toEqual([]);
      if (engine.durable) expect(await find(runId)).toMatchObject({ state: "running" });
      else expect(await find(runId)).toMatchObject({ state: "failed", error: { code: "ENGINE_STOPPED" } });
    });
  });
}

function expectTimes(status: RunStatus, before: number): void {
  const { startedAt, endedAt } = status as Extract<RunStatus, { endedAt: Date }>;
  expect(startedAt).not.toBeNull();
  // The clock of another machine may be off, or count whole seconds.
  expect(startedAt?.getTime()).toBeGreaterThan(before - 5000);
  expect(endedAt.getTime()).toBeGreaterThanOrEqual(startedAt?.getTime() ?? Number.POSITIVE_INFINITY);
  expect(endedAt.getTime()).toBeLessThan(Date.now() + 5000);
}

function toAttempt({ sessionId }: LaunchRequest, attempt: number): SessionAttempt {
  return { sessionId, attempt };
}

export function toRequest(job: string, more: Partial<LaunchRequest> = {}): LaunchRequest {
  return {
    sessionId: createId(),
    scheduleId: createId(),
    kind: 1,
    attempt: 1,
    slot: new Date("2026-11-23T10:00:00.000Z"),
    dataIntervalStart: new Date("2026-11-23T09:00:00.000Z"),
    job: { location: null, repository: null, name: job },
    runConfig: {},
    runConfigOf: "job",
    tags: {},
    ...more,
  };
}
