import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Engine, LaunchRequest } from "../../src/engines/engine.ts";
import { toRequest } from "../engines/suite.ts";
import { type RealDagster, startDagster } from "../support/dagster/dagster.ts";
import { partPatience } from "../support/time-limits.ts";
import { engineOf } from "./engine-of.ts";

let dagster: RealDagster;
let engine: Engine;
beforeAll(async () => {
  dagster = await startDagster();
  engine = engineOf(dagster.url);
});
afterAll(async () => {
  await engine?.close();
  await dagster?.stop();
});

describe("a job of a real Dagster", () => {
  test("that does not take the run config is refused when a schedule is saved and when it is launched", async () => {
    const request = toJob("configured", { runConfig: { ops: { take: { config: { limit: "many" } } } } });
    const path = ["params", "run_config", "ops", "take", "config", "limit"];
    expect(await engine.checkJob(request)).toMatchObject({ verdict: "refused", issues: [{ path }] });
    expect(await engine.launch(request)).toMatchObject({
      outcome: "refused",
      error: { message: expect.stringContaining("limit") },
    });
  });

  test("gets the session unchanged, and serves its kind only with the resource", async () => {
    const options = { null: null, nested: [1.5, { null: null }], "a/b ü": { env: "HOME" } };
    const runConfig = { ...session, options };
    const request = toJob("session_report", { kind: 5, runConfigOf: "session", runConfig });
    expect(await engine.checkJob(request)).toEqual({ verdict: "accepted" });
    const runId = await launch(request);
    await until(runId, { state: "succeeded" });
    expect(await readSessionReport(runId)).toEqual({ session_id: session.session_id, options });
    const kinds = new Map((await engine.jobs()).map((job) => [job.name, job.kinds]));
    expect([kinds.get("session_report"), kinds.get("ingest_collection"), kinds.get("ok")]).toEqual([
      [1, 5],
      [1, 5],
      [1],
    ]);
  });

  test("whose code location is down is not ready and has no run, and is launched when it is up again", async () => {
    await dagster.jobs.kill();
    const request = toJob("ok");
    expect(await engine.launch(request)).toMatchObject({ outcome: "not_ready" });
    expect(await engine.listRuns([request])).toEqual([[]]);
    await dagster.jobs.start();
    const again = () => launch(request);
    await until(await vi.waitFor(again, partPatience), { state: "succeeded" });
  });
});

describe("a run of a real Dagster", () => {
  test("waits while the daemon is down, and can be canceled meanwhile", async () => {
    await dagster.daemon.kill();
    const [waiting, canceled] = [await launch(toJob("ok")), await launch(toJob("ok"))];
    expect([...(await engine.status([waiting, canceled])).values()]).toEqual([
      { state: "queued" },
      { state: "queued" },
    ]);
    await engine.cancel([canceled]);
    await until(canceled, { state: "canceled" });
    await dagster.daemon.start();
    await until(waiting, { state: "succeeded" });
  });

  test("that was canceled while it was STARTING is canceled by repeated requests", async () => {
    const runId = await launch(toJob("slow_hang"));
    await vi.waitFor(async () => expect(await readStatus(runId)).toBe("STARTING"), { ...partPatience, interval: 20 });
    const turn = async () => {
      await engine.cancel([runId]);
      expect((await engine.status([runId])).get(runId)).toMatchObject({ state: "canceled" });
    };
    await vi.waitFor(turn, partPatience);
  });

  test("whose process died with its code location counts as running until a cancel is forced", async () => {
    const runIds = [await launch(toJob("hang")), await launch(toJob("hang"))];
    for (const runId of runIds) await until(runId, { state: "running" });
    await dagster.jobs.kill();
    await engine.cancel(runIds);
    for (const runId of runIds) expect((await engine.status([runId])).get(runId)).toMatchObject({ state: "running" });
    await engine.cancel(runIds, { force: true });
    for (const runId of runIds) await until(runId, { state: "canceled" });
    await dagster.jobs.start();
  });
});

const session = {
  session_id: "s1",
  schedule_id: "s2",
  schedule_name: "session_report",
  attempt: 1,
  data_interval_start: "2026-01-01T00:00:00.000Z",
  data_interval_end: "2026-01-02T00:00:00.000Z",
  collection_id: null,
  storage: null,
};

function toJob(name: string, more: Partial<LaunchRequest> = {}): LaunchRequest {
  return toRequest(name, { job: { location: "jobs", repository: null, name }, ...more });
}

async function launch(request: LaunchRequest): Promise<string> {
  const outcome = await engine.launch(request);
  if (outcome.outcome !== "launched") throw new Error(`not launched: ${JSON.stringify(outcome)}`);
  return outcome.runId;
}

async function until(runId: string, expected: object): Promise<void> {
  const ask = async () => expect((await engine.status([runId])).get(runId)).toMatchObject(expected);
  await vi.waitFor(ask, partPatience);
}

/** The status in Dagster's own words. */
async function readStatus(runId: string): Promise<string> {
  const { body } = await dagster.ask("query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }", {
    id: runId,
  });
  return body.data.runOrError.status;
}

/** The metadata that the job `session_report` has added to its output. */
async function readSessionReport(runId: string): Promise<object> {
  const query = `query ($id: ID!) { runOrError(runId: $id) { ... on Run { eventConnection { events {
    ... on ExecutionStepOutputEvent { metadataEntries { label ... on TextMetadataEntry { text } ... on JsonMetadataEntry { jsonString } } }
  } } } } }`;
  const { body } = await dagster.ask(query, { id: runId });
  const { events } = body.data.runOrError.eventConnection;
  const entries = events.flatMap((event: { metadataEntries?: object[] }) => event.metadataEntries ?? []);
  return Object.fromEntries(
    entries.map(({ label, text, jsonString }: { label: string; text?: string; jsonString?: string }) => [
      label,
      text ?? JSON.parse(jsonString ?? "null"),
    ]),
  );
}
