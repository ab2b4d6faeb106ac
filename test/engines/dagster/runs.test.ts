import { afterEach, beforeEach, expect, test } from "vitest";
import { EngineUnreachable } from "../../../src/engines/engine.ts";
import { createId } from "../../../src/platform/id.ts";
import { toRequest } from "../suite.ts";
import { type DagsterUnderTest, pipelines, startDagsterUnderTest } from "./dagster-under-test.ts";
import { answer, member, reset, sendReply } from "./misbehaviour.ts";

let under: DagsterUnderTest;
beforeEach(async () => {
  under = await startDagsterUnderTest();
});
afterEach(() => under.close());

function toTags(sessionId: string) {
  return [
    { key: "eom/session_id", value: sessionId },
    { key: "eom/attempt", value: "1" },
  ];
}

test("lists the runs of an attempt, oldest first, without runs that a person created from them", async () => {
  const sessionId = createId();
  const { addRun } = under.dagster;
  const tags = toTags(sessionId);
  const second = addRun({ jobName: "ok", tags, creationTime: 200 });
  const first = addRun({ jobName: "ok", tags, creationTime: 100 });
  addRun({ jobName: "ok", tags, parentRunId: first.runId, rootRunId: first.runId });
  const runsByAttempt = await under.engine.listRuns([{ sessionId, attempt: 1 }]);
  expect(runsByAttempt).toEqual([[first, second].map(({ runId }) => ({ runId, isSubmitted: true }))]);
});

test("keeps two attempts of a session apart, and marks a run that was never submitted", async () => {
  const sessionId = createId();
  const toAttempt = (attempt: number) => ({ sessionId, attempt });
  const first = under.dagster.addRun({ jobName: "ok", tags: toTags(sessionId), status: "NOT_STARTED" });
  const tags = toTags(sessionId).map((tag) => (tag.key === "eom/attempt" ? { ...tag, value: "2" } : tag));
  const second = under.dagster.addRun({ jobName: "ok", tags });
  expect(await under.engine.listRuns([2, 1, 3].map(toAttempt))).toEqual([
    [{ runId: second.runId, isSubmitted: true }],
    [{ runId: first.runId, isSubmitted: false }],
    [],
  ]);
});

test("a run that was recorded a minute ago and never submitted is forced to end, a newer one is not", async () => {
  const toRun = (creationTime: number) =>
    under.dagster.addRun({ jobName: "ok", tags: [], status: "NOT_STARTED", creationTime });
  const [old, fresh] = [toRun(Date.now() / 1000 - 61), toRun(Date.now() / 1000)];
  await under.engine.cancel([old.runId, fresh.runId]);
  expect([old.status, fresh.status]).toEqual(["CANCELED", "NOT_STARTED"]);
});

test("a run that Dagster cannot read counts as running, and does not hide others", async () => {
  const runs = [1, 2, 3, 4, 5].map(() => under.dagster.addRun({ jobName: "ok", tags: [], status: "SUCCESS" }));
  const unreadable = runs[3]?.runId ?? "";
  const exception = { __typename: "PythonError", message: "cannot deserialize", className: "Error", errorChain: [] };
  under.dagster.misbehave(
    async ({ call, response, handle }) => {
      const { runIds } = call.variables["filter"] as { runIds: string[] };
      if (!runIds.includes(unreadable)) return sendReply(response, await handle());
      sendReply(response, { status: 500, body: { data: { runsOrError: exception } } });
    },
    { operation: "RunStatuses" },
  );
  const statuses = await under.engine.status(runs.map(({ runId }) => runId));
  expect(runs.map(({ runId }) => statuses.get(runId)?.state)).toEqual([
    "succeeded",
    "succeeded",
    "succeeded",
    "running",
    "succeeded",
  ]);
});

test("a Dagster that can read no run is asked three times, not once per run", async () => {
  const ids = Array.from({ length: 250 }, () => under.dagster.addRun({ jobName: "ok", tags: [] }).runId);
  const exception = { __typename: "PythonError", message: "no database", className: "Error", errorChain: [] };
  under.dagster.misbehave(answer(500, { data: { runsOrError: exception } }), { operation: "RunStatuses" });
  await expect(under.engine.status(ids)).rejects.toThrow(EngineUnreachable);
  expect(under.dagster.count("RunStatuses")).toBe(3);
});

test("one run among 250 that fails a whole answer is found with 19 requests, and opens no breaker", async () => {
  const ids = Array.from({ length: 250 }, () => under.dagster.addRun({ jobName: "ok", tags: [] }).runId);
  const error = { message: "Internal error", path: ["runsOrError", "results"], locations: [{ line: 1, column: 1 }] };
  under.dagster.misbehave(
    async ({ call, response, handle }) => {
      const { runIds } = call.variables["filter"] as { runIds: string[] };
      const isWhole = !runIds.includes(ids[1] ?? "");
      sendReply(response, isWhole ? await handle() : { status: 200, body: { data: null, errors: [error] } });
    },
    { operation: "RunStatuses" },
  );
  const statuses = await under.engine.status(ids);
  expect(ids.filter((id) => statuses.get(id)?.state !== "queued")).toEqual([ids[1]]);
  expect([under.dagster.count("RunStatuses"), under.breaker]).toEqual([19, []]);
});

test("a cancel of many runs stops after the first request without an answer", async () => {
  const runs = Array.from({ length: 120 }, () =>
    under.dagster.addRun({ jobName: "hang", tags: [], status: "STARTED" }),
  );
  const ids = runs.map(({ runId }) => runId);
  under.dagster.misbehave(reset, { operation: "TerminateRuns", times: 1 });
  await under.engine.cancel(ids);
  expect(under.dagster.count("TerminateRuns")).toBe(1);
  await under.engine.cancel(ids);
  expect(runs.filter(({ status }) => status === "CANCELING")).toHaveLength(70);
});

test("runs are canceled one by one if Dagster fails at one of them", async () => {
  const runs = [1, 2, 3].map(() => under.dagster.addRun({ jobName: "hang", tags: [], status: "STARTED" }));
  const exception = { __typename: "PythonError", message: "no code location", className: "Error", errorChain: [] };
  under.dagster.misbehave(answer(500, { data: { terminateRuns: exception } }), {
    operation: "TerminateRuns",
    times: 2,
  });
  await under.engine.cancel(runs.map(({ runId }) => runId));
  expect(runs.map(({ status }) => status)).toEqual(["STARTED", "CANCELING", "CANCELING"]);
});

test("single cancels take 15 seconds of a turn, and the next turn begins with the rest", async () => {
  const runs = [1, 2, 3, 4].map(() => under.dagster.addRun({ jobName: "hang", tags: [], status: "STARTED" }));
  const exception = { __typename: "PythonError", message: "no code location", className: "Error", errorChain: [] };
  under.dagster.misbehave(
    async ({ call, response, handle }) => {
      const { runIds } = call.variables as { runIds: string[] };
      if (runIds.length === 1) under.advance(8);
      const isWhole = !runIds.includes(runs[0]?.runId ?? "");
      const failure = { status: 500, body: { data: { terminateRuns: exception } } };
      sendReply(response, isWhole ? await handle() : failure);
    },
    { operation: "TerminateRuns" },
  );
  const ids = runs.map(({ runId }) => runId);
  await under.engine.cancel(ids);
  expect(runs.map(({ status }) => status)).toEqual(["STARTED", "CANCELING", "STARTED", "STARTED"]);
  await under.engine.cancel(ids);
  expect(runs.map(({ status }) => status)).toEqual(["STARTED", "CANCELING", "CANCELING", "CANCELING"]);
  expect(under.dagster.count("TerminateRuns")).toBe(6);
});

test("a cancel takes 15 seconds in all when Dagster falls silent between two of its requests", async () => {
  const runs = [1, 2].map(() => under.dagster.addRun({ jobName: "hang", tags: [], status: "STARTED" }));
  const exception = { __typename: "PythonError", message: "no code location", className: "Error", errorChain: [] };
  under.dagster.misbehave(
    ({ call, response }) => {
      if ((call.variables as { runIds: string[] }).runIds.length === 1) return;
      under.advance(14);
      sendReply(response, { status: 500, body: { data: { terminateRuns: exception } } });
    },
    { operation: "TerminateRuns" },
  );
  await under.engine.cancel(runs.map(({ runId }) => runId));
  expect(under.lines.at(-1)).toMatchObject({ reason: expect.stringContaining("gave no answer within 1 s") });
});

test("a request after the close waits three seconds at most", async () => {
  under.dagster.misbehave(() => {}, { operation: "RunStatuses" });
  await under.engine.close();
  await expect(under.engine.status([createId()])).rejects.toThrow("gave no answer within 3 s");
});

test("searches for 45 attempts with three requests", async () => {
  const attempts = Array.from({ length: 45 }, () => ({ sessionId: createId(), attempt: 1 }));
  const runs = attempts.map(({ sessionId }) => under.dagster.addRun({ jobName: "ok", tags: toTags(sessionId) }));
  const runsByAttempt = await under.engine.listRuns(attempts);
  expect(runsByAttempt.map((of) => of?.map(({ runId }) => runId))).toEqual(runs.map(({ runId }) => [runId]));
  expect(under.dagster.count()).toBe(3);
});

test("a failed search is an error, never an empty result", async () => {
  const exception = { __typename: "PythonError", message: "no database", className: "Error", errorChain: [] };
  under.dagster.misbehave(answer(200, { data: { s0: exception } }), { operation: "FindRuns", times: 1 });
  under.dagster.misbehave(answer(200, { data: {} }), { operation: "FindRuns", times: 1 });
  under.dagster.misbehave(reset, { operation: "FindRuns", times: 1 });
  for (const _ of [1, 2, 3]) {
    await expect(under.engine.listRuns([{ sessionId: createId(), attempt: 1 }])).rejects.toThrow(EngineUnreachable);
  }
});

test("a run that Dagster cannot read does not stop the search for others", async () => {
  const attempts = Array.from({ length: 21 }, () => ({ sessionId: createId(), attempt: 1 }));
  const runs = attempts.map(({ sessionId }) => under.dagster.addRun({ jobName: "ok", tags: toTags(sessionId) }));
  const unreadable = [3, 20].map((index) => attempts[index]?.sessionId ?? "");
  const exception = { __typename: "PythonError", message: "cannot deserialize", className: "Error", errorChain: [] };
  under.dagster.misbehave(
    async ({ call, response, handle }) => {
      const { status, body } = await handle();
      const { data } = body as { data: Record<string, unknown> };
      for (const [alias, filter] of Object.entries(call.variables))
        if (unreadable.some((id) => JSON.stringify(filter).includes(id))) data[alias] = exception;
      sendReply(response, { status, body });
    },
    { operation: "FindRuns" },
  );
  const runsByAttempt = await under.engine.listRuns(attempts);
  expect(runsByAttempt).toEqual(
    runs.map(({ runId }, index) => ([3, 20].includes(index) ? null : [{ runId, isSubmitted: true }])),
  );
});

test("an attempt that fails a whole answer is found by bisecting", async () => {
  const attempts = Array.from({ length: 8 }, () => ({ sessionId: createId(), attempt: 1 }));
  const error = { message: "Internal error", path: ["s1", "results"], locations: [{ line: 1, column: 1 }] };
  under.dagster.misbehave(
    async ({ call, response, handle }) => {
      const isWhole = !JSON.stringify(call.variables).includes(attempts[1]?.sessionId ?? "");
      sendReply(response, isWhole ? await handle() : { status: 500, body: { data: null, errors: [error] } });
    },
    { operation: "FindRuns" },
  );
  const runsByAttempt = await under.engine.listRuns(attempts);
  expect(runsByAttempt).toEqual(attempts.map((_, index) => (index === 1 ? null : [])));
});

test("reads the status of 1,000 runs with four requests", async () => {
  const ids = Array.from({ length: 1000 }, () => under.dagster.addRun({ jobName: "hang", tags: [] }).runId);
  expect((await under.engine.status(ids)).size).toBe(1000);
  expect(under.dagster.count()).toBe(4);
});

test.for([
  ["QUEUED", "queued"],
  ["NOT_STARTED", "queued"],
  ["MANAGED", "queued"],
  ["STARTING", "queued"],
  ["STARTED", "running"],
  ["CANCELING", "running"],
  ["SUSPENDED", "running"],
  ["SUCCESS", "succeeded"],
  ["FAILURE", "failed"],
  ["CANCELED", "canceled"],
] as const)("a run that is %s in Dagster is %s", async ([status, state]) => {
  const { runId } = under.dagster.addRun({ jobName: "ok", tags: [] });
  under.dagster.setRun(runId, status);
  expect((await under.engine.status([runId])).get(runId)).toMatchObject({ state });
});

test("a run with an unknown status counts as running, and is logged once", async () => {
  const row = { runId: "r", jobName: "ok", status: "PONDERING", startTime: 100, endTime: null, updateTime: 100 };
  under.dagster.misbehave(member("runsOrError", { __typename: "Runs", results: [row] }));
  await under.engine.status(["r"]);
  expect(await under.engine.status(["r"])).toEqual(
    new Map([["r", { state: "running", startedAt: new Date(100_000), output: null }]]),
  );
  expect(under.lines).toMatchObject([{ level: "warn", run_status: "PONDERING" }]);
});

test("a failed run has its step, the exception of its code, and the cause of that", async () => {
  const raised = [
    { className: "RuntimeError", message: "RuntimeError: Could not ingest\n" },
    { className: "KeyError", message: "KeyError: 'scene'\n" },
  ];
  const { runId } = under.dagster.addRun({
    jobName: "fail",
    tags: [],
    status: "FAILURE",
    raised,
    endTime: 100,
    lines: 2500,
  });
  expect((await under.engine.status([runId])).get(runId)).toMatchObject({
    state: "failed",
    error: { code: "RUN_FAILED", step: "boom", message: "RuntimeError: Could not ingest (from KeyError: 'scene')" },
  });
  expect(under.dagster.count("RunFailures")).toBe(3);
});

test("the reason of a failure is searched in 10,000 events; beyond, only the reason is missing", async () => {
  const { runId } = under.dagster.addRun({ jobName: "fail", tags: [], status: "FAILURE", lines: 10_000, endTime: 100 });
  expect((await under.engine.status([runId])).get(runId)).toMatchObject({
    state: "failed",
    error: { code: "RUN_FAILED", message: expect.stringContaining("see the run in Dagster") },
  });
  expect(under.dagster.count("RunFailures")).toBe(10);
});

test("the reasons of 25 failed runs take three requests, and statuses do not depend on them", async () => {
  const add = () => under.dagster.addRun({ jobName: "fail", tags: [], status: "FAILURE", endTime: 100 }).runId;
  const ids = Array.from({ length: 25 }, add);
  const statuses = await under.engine.status(ids);
  expect([...statuses.values()].every((status) => "error" in status && status.error?.step === "boom")).toBe(true);
  expect(under.dagster.count("RunFailures")).toBe(3);
  under.dagster.misbehave(reset, { operation: "RunFailures" });
  expect((await under.engine.status(ids)).size).toBe(25);
});

test("a run whose events cannot be read does not hide the reasons of others", async () => {
  const add = () => under.dagster.addRun({ jobName: "fail", tags: [], status: "FAILURE", endTime: 100 }).runId;
  const ids = Array.from({ length: 25 }, add);
  under.dagster.misbehave(
    async ({ call, request, response, handle }) => {
      if (Object.values(call.variables).includes(ids[3])) request.socket.resetAndDestroy();
      else sendReply(response, await handle());
    },
    { operation: "RunFailures" },
  );
  const statuses = await under.engine.status(ids);
  const steps = ids.map((id) => {
    const status = statuses.get(id);
    return status !== undefined && "error" in status ? status.error?.step : undefined;
  });
  expect(steps).toEqual(ids.map((_, index) => (index === 3 ? null : "boom")));
  expect([under.dagster.count("RunFailures"), under.breaker]).toEqual([8, []]);
});

test("a run that ended without an end time has that of its last change", async () => {
  const { runId } = under.dagster.addRun({ jobName: "ok", tags: [], status: "CANCELED", updateTime: 1234.5 });
  expect((await under.engine.status([runId])).get(runId)).toMatchObject({
    endedAt: new Date(1_234_500),
    error: { code: "RUN_CANCELED" },
  });
});

test("cancels a run once in ten seconds, and forces a cancel at once", async () => {
  const ids = Array.from(
    { length: 60 },
    () => under.dagster.addRun({ jobName: "hang", tags: [], status: "STARTED" }).runId,
  );
  await under.engine.cancel(ids);
  await under.engine.cancel(ids);
  expect(under.dagster.count("TerminateRuns")).toBe(2);
  expect([...under.dagster.runs.values()].every(({ status }) => status === "CANCELING")).toBe(true);
  under.advance(11);
  await under.engine.cancel(ids.slice(0, 1));
  expect(under.dagster.count("TerminateRuns")).toBe(3);
  await under.engine.cancel(ids.slice(0, 1), { force: true });
  expect(under.dagster.runs.get(ids[0] ?? "")?.status).toBe("CANCELED");
});

test("a fault of a cancel is logged, not thrown", async () => {
  under.dagster.misbehave(answer(404, "x"), { operation: "TerminateRuns", times: 1 });
  await under.engine.cancel(["a"]);
  expect(under.lines).toMatchObject([{ level: "warn", reason: expect.stringContaining("404") }]);
  const { runId } = under.dagster.addRun({ jobName: "hang", tags: [], status: "STARTED" });
  const refusal = {
    __typename: "TerminateRunFailure",
    run: { runId, status: "STARTED", creationTime: 0 },
    message: "Unable to terminate run",
  };
  const results = { __typename: "TerminateRunsResult", terminateRunResults: [refusal] };
  under.dagster.misbehave(member("terminateRuns", results), { operation: "TerminateRuns", times: 1 });
  await under.engine.cancel([runId]);
  expect(under.lines.at(-1)).toMatchObject({ reason: "Unable to terminate run" });
});

test("works below a path prefix, and links to a run there", async () => {
  const prefixed = await startDagsterUnderTest("/prefix/");
  const outcome = await prefixed.engine.launch(toRequest("ok", { job: { ...pipelines, name: "ok" } }));
  expect(outcome.outcome).toBe("launched");
  expect(prefixed.engine.toRunUrl("a/b")).toBe(`${prefixed.dagster.url}/prefix/runs/a%2Fb`);
  await prefixed.close();
});
