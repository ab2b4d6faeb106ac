import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LaunchOutcome, LaunchRequest } from "../../../src/engines/engine.ts";
import { toRequest } from "../suite.ts";
import { type DagsterUnderTest, pipelines, secretHeaders, startDagsterUnderTest } from "./dagster-under-test.ts";
import {
  answer,
  deleteRun,
  echo,
  hold,
  launchException,
  loginPage,
  loginRedirect,
  loseAnswer,
  loseAnswerAtProxy,
  type Misbehaviour,
  member,
  reset,
  schemaError,
} from "./misbehaviour.ts";

let under: DagsterUnderTest;
beforeEach(async () => {
  under = await startDagsterUnderTest();
});
afterEach(() => under.close());

function toJob(name: string, more: Partial<LaunchRequest> = {}): LaunchRequest {
  return toRequest(name, { job: { ...pipelines, name }, ...more });
}

/** Launches once with a misbehaving fake. */
async function launchWith(misbehaviour: Misbehaviour, request = toJob("ok")): Promise<LaunchOutcome> {
  under.dagster.misbehave(misbehaviour, { operation: "LaunchRun", times: 1 });
  return under.engine.launch(request);
}

describe("a launch", () => {
  test("carries tags by which its run is found, and a schedule's own tags do not replace them", async () => {
    const tags = { team: "eu", "eom/session_id": "another", "dagster/max_retries": "3" };
    const request = toJob("ok", { attempt: 2, tags });
    await under.engine.launch(request);
    const [run] = under.dagster.runs.values();
    expect(Object.fromEntries(run?.tags.map(({ key, value }) => [key, value]) ?? [])).toEqual({
      team: "eu",
      "eom/session_id": request.sessionId,
      "eom/attempt": "2",
      "eom/schedule_id": request.scheduleId,
      "eom/slot": "20261123T100000Z",
      "dagster/max_retries": "0",
    });
    expect(run?.tags).toHaveLength(6);
  });

  test("sends the run config of a job as it is, and that of a session as the config of the resource eom", async () => {
    await under.engine.launch(toJob("ok", { runConfig: { ops: { say: {} } } }));
    await under.engine.launch(toJob("ok", { runConfigOf: "session", runConfig: { session_id: "a" } }));
    expect([...under.dagster.runs.values()].map(({ runConfig }) => runConfig)).toEqual([
      { ops: { say: {} } },
      { resources: { eom: { config: { session_id: "a" } } } },
    ]);
  });

  test("without a code location is refused without a request", async () => {
    const outcome = await under.engine.launch(toRequest("ok"));
    expect(outcome).toMatchObject({ outcome: "refused", error: { code: "JOB_UNKNOWN" } });
    expect(under.dagster.count()).toBe(0);
  });

  test("with a run config that does not fit is refused in Dagster's own words", async () => {
    expect(await under.engine.launch(toJob("ok", { runConfig: { ops: { nope: {} } } }))).toMatchObject({
      outcome: "refused",
      error: {
        code: "RUN_CONFIG_INVALID",
        message: expect.stringMatching(/unexpected config entry "nope" at path root:ops/),
      },
    });
  });

  test("of a job whose code location cannot be loaded is not ready", async () => {
    for (const location of under.dagster.world.locations) location.state = "failed";
    expect(await under.engine.launch(toJob("ok"))).toMatchObject({
      outcome: "not_ready",
      error: { code: "JOB_UNKNOWN" },
    });
  });

  test.for([
    ["InvalidSubsetError", { message: "no such op" }, "no such op"],
    ["PresetNotFoundError", { message: "no preset" }, "no preset"],
    ["ConflictingExecutionParamsError", { message: "both" }, "both"],
    ["NoModeProvidedError", { message: "no mode" }, "no mode"],
    ["InvalidStepError", { invalidStepKey: "load" }, "load"],
    ["InvalidOutputError", { stepKey: "load", invalidOutputName: "rows" }, "rows"],
  ] as const)("that is answered with %s is refused with the reason", async ([__typename, fields, words]) => {
    expect(await launchWith(member("launchRun", { __typename, ...fields }))).toMatchObject({
      outcome: "refused",
      error: { code: "LAUNCH_REFUSED", message: expect.stringContaining(words) },
    });
  });

  test.for([200, 500])("that ends in an exception (%i) adopts the run that was created", async (status) => {
    const request = toJob("ok");
    const outcome = await launchWith(launchException("with a run", status), request);
    expect(outcome).toEqual({ outcome: "launched", runId: [...under.dagster.runs.keys()][0], isAdopted: true });
    expect(under.breaker).toEqual([]);
  });

  test("that ends in an exception without a run is not ready, with Dagster's message", async () => {
    expect(await launchWith(launchException("without a run"))).toMatchObject({
      outcome: "not_ready",
      error: { code: "LAUNCH_FAILED", message: expect.stringContaining("DagsterLaunchFailedError: Error during RPC") },
    });
  });

  test("that ends in an exception is unclear if its run cannot be searched for", async () => {
    under.dagster.misbehave(reset, { operation: "FindRuns" });
    expect(await launchWith(launchException("with a run"))).toMatchObject({ outcome: "unclear" });
  });

  test("that conflicts with a run adopts that run", async () => {
    const request = toJob("ok");
    const first = await under.engine.launch(request);
    const conflict = member("launchRun", { __typename: "RunConflict", message: "exists" });
    expect(await launchWith(conflict, request)).toEqual({ ...first, isAdopted: true });
    expect(await launchWith(conflict)).toMatchObject({ outcome: "unclear" });
  });

  test.for<readonly [string, Misbehaviour, RegExp]>([
    ["a login's redirect", loginRedirect, /302/],
    ["a login page", loginPage, /page for people/],
    ["401", answer(401, ""), /401/],
    ["403", answer(403, {}), /403/],
    ["404", answer(404, "Not Found"), /404/],
    ["429", answer(429, ""), /429/],
    ["a GraphQL error", schemaError, /Cannot query field/],
    ["400 in other words", answer(400, "No GraphQL query found in the request"), /400/],
    ["UnauthorizedError", member("launchRun", { __typename: "UnauthorizedError", message: "not yours" }), /not yours/],
  ])("that is answered with %s was not executed", async ([, misbehaviour, words]) => {
    expect(await launchWith(misbehaviour)).toEqual({ outcome: "unreachable", message: expect.stringMatching(words) });
  });

  test.for<readonly [string, Misbehaviour, RegExp]>([
    ["a broken connection", loseAnswer, /broke the connection off/],
    ["504", loseAnswerAtProxy, /504/],
    ["502", answer(502, "Bad Gateway"), /502/],
    ["500 without an answer", answer(500, "Internal Server Error"), /500/],
    ["an exception and a run that is not submitted", launchException("with a run that was not submitted"), /submitted/],
    ["an answer that was cut short", answer(200, '{"data":{"launchRun":'), /no GraphQL answer/],
    [
      "an unknown member",
      member("launchRun", { __typename: "RunPostponed" }),
      /'RunPostponed' of Dagster to LaunchRun/,
    ],
    [
      "an error of a resolver",
      answer(500, { data: null, errors: [{ message: "no database", path: ["launchRun"] }] }),
      /no database/,
    ],
  ])("that is answered with %s may have been executed", async ([, misbehaviour, words]) => {
    expect(await launchWith(misbehaviour)).toEqual({ outcome: "unclear", message: expect.stringMatching(words) });
  });

  test("was not executed if nothing listens", async () => {
    await under.dagster.stop();
    expect(await under.engine.launch(toJob("ok"))).toMatchObject({
      outcome: "unreachable",
      message: expect.stringMatching(/cannot be reached \(ECONNREFUSED\)/),
    });
  });

  test("that a stop cuts off is unclear, and its run is found when it appears late", async () => {
    const held = hold();
    const request = toJob("ok");
    const launching = launchWith(held.misbehaviour, request);
    await expect.poll(() => under.dagster.count("LaunchRun")).toBe(1);
    await under.engine.close();
    expect(await launching).toMatchObject({ outcome: "unclear" });
    expect(await under.engine.listRuns([request])).toEqual([[]]);
    held.release();
    await held.done;
    expect((await under.engine.listRuns([request]))[0]).toHaveLength(1);
  });

  test("whose run is deleted at once has an id without a status", async () => {
    const outcome = await launchWith(deleteRun);
    const runId = outcome.outcome === "launched" ? outcome.runId : "";
    expect((await under.engine.status([runId])).size).toBe(0);
  });

  test("counts against the room while it is under way", async () => {
    const held = hold();
    const launching = launchWith(held.misbehaviour);
    expect(under.engine.room()).toBe(49);
    held.release();
    await launching;
    expect(under.engine.room()).toBe(50);
  });
});

test.for([200, 400, 401, 500])("no message contains a header that a proxy repeats with %i", async (status) => {
  under.dagster.misbehave(echo(status));
  const outcome = await under.engine.launch(toJob("ok"));
  const check = await under.engine.check();
  await under.engine.cancel(["x"]);
  const error = await under.engine.jobs().catch((thrown: Error) => `${thrown.message} ${thrown.stack}`);
  const output = JSON.stringify([outcome, check, error, under.lines]);
  for (const secret of Object.values(secretHeaders)) expect(output).not.toContain(secret.replace("Bearer ", ""));
});
