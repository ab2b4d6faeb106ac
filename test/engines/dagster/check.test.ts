import { parse, validate } from "graphql";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createBreaker } from "../../../src/engines/dagster/breaker.ts";
import * as documents from "../../../src/engines/dagster/documents.ts";
import { EngineUnreachable, type JobReference } from "../../../src/engines/engine.ts";
import { toRequest } from "../suite.ts";
import { type DagsterUnderTest, pipelines, startDagsterUnderTest } from "./dagster-under-test.ts";
import { fakeSchema } from "./fake-schema.ts";
import { answer, hang, loginPage, loginRedirect, type Misbehaviour, reset, schemaError } from "./misbehaviour.ts";

let under: DagsterUnderTest;
beforeEach(async () => {
  under = await startDagsterUnderTest();
});
afterEach(() => under.close());

test("every document is valid against Dagster's schema", () => {
  const { toFindRunsDocument, toFailuresDocument, ...rest } = documents;
  const texts = [...Object.values(rest), ...[1, 20].map(toFindRunsDocument), ...[1, 10].map(toFailuresDocument)];
  expect(texts.flatMap((text) => validate(fakeSchema, parse(text)))).toEqual([]);
});

describe("the check", () => {
  test.for<readonly [string, Misbehaviour, RegExp]>([
    ["a wrong path", answer(405, "Method Not Allowed"), /405: .*without \/graphql/],
    ["a login page", loginPage, /page for people: .*headers/],
    ["a redirect", loginRedirect, /302: EOM follows no redirect/],
    ["a refused credential", answer(403, {}), /403: .*credential/],
    ["another schema", schemaError, /Cannot query field.*versions/],
    ["a silent Dagster", hang, /no answer within 4 s: /],
  ])("says what is wrong and what to do about %s", async ([, misbehaviour, words]) => {
    under.dagster.misbehave(misbehaviour);
    expect(await under.engine.check()).toEqual({ state: "failing", detail: expect.stringMatching(words) });
  });

  test("reports the version, and a missing daemon only if runs are queued for it", async () => {
    const { world } = under.dagster;
    expect((await under.engine.check()).detail).toMatch(/^Dagster 1\.13\.27 at http.*, 1 code locations$/);
    world.hasDaemon = false;
    expect(await under.engine.check()).toMatchObject({
      state: "failing",
      detail: expect.stringMatching(/dagster-daemon/),
    });
    world.hasQueue = false;
    expect(await under.engine.check()).toMatchObject({ state: "ok" });
  });

  test("names a code location that cannot be loaded, and reports that there is none", async () => {
    const { locations } = under.dagster.world;
    locations.push({ name: "broken", repository: "__repository__", state: "failed" });
    const detail = expect.stringMatching(/'broken': DagsterImportError: .*'nowhere'` while importing module broken$/);
    expect(await under.engine.check()).toEqual({ state: "failing", detail });
    expect(await under.engine.locations()).toMatchObject([{ state: "loaded" }, { name: "broken", state: "failed" }]);
    locations.length = 0;
    expect(await under.engine.check()).toMatchObject({
      state: "failing",
      detail: expect.stringMatching(/no code location/),
    });
  });
});

describe("the breaker", () => {
  test("pauses requests after five faults in a row, and asks again by itself", async () => {
    under.dagster.misbehave(reset, { times: 5 });
    for (let fault = 0; fault < 5; fault += 1) await under.engine.jobs().catch(() => {});
    expect(under.engine.room()).toBe(0);
    await expect(under.engine.jobs()).rejects.toThrow(EngineUnreachable);
    expect(under.dagster.count()).toBe(5);
    under.advance(16);
    await expect.poll(() => under.engine.room()).toBe(50);
    expect(under.breaker).toEqual([true, false]);
    expect(under.dagster.count("Version")).toBe(1);
  });

  test("pauses requests at once after a refused credential, until a check is answered", async () => {
    under.dagster.misbehave(answer(401, ""), { times: 1 });
    await under.engine.jobs().catch(() => {});
    expect(under.engine.room()).toBe(0);
    expect((await under.engine.check()).state).toBe("ok");
    expect(under.breaker).toEqual([true, false]);
  });

  test("doubles its pause with every failed probe, up to two minutes", async () => {
    let now = 0;
    const pauses: number[] = [];
    let last = 0;
    const probe = async () => {
      pauses.push((now - last) / 1000);
      last = now;
      throw new Error("away");
    };
    const breaker = createBreaker({ monotonic: () => now, probe, onChange() {} });
    breaker.noteFault(true);
    while (pauses.length < 6) {
      now += 1000;
      expect(breaker.isOpen()).toBe(true);
      await Promise.resolve();
      await Promise.resolve();
    }
    expect(pauses).toEqual([15, 30, 60, 120, 120, 120]);
  });
});

describe("the check of a job", () => {
  function toReference(name: string, more: Partial<JobReference> = {}): JobReference {
    return toRequest(name, { job: { ...pipelines, name }, ...more });
  }
  const session = { kind: 5, runConfigOf: "session", runConfig: { session_id: "a", attempt: 1 } } as const;

  test.for<readonly [string, JobReference, readonly string[], RegExp]>([
    [
      "location",
      { ...toReference("ok"), job: { location: "x", repository: null, name: "ok" } },
      ["job", "location"],
      /'x' is not known, there is 'pipelines'/,
    ],
    [
      "repository",
      { ...toReference("ok"), job: { location: "pipelines", repository: "x", name: "ok" } },
      ["job", "repository"],
      /'x'.*'__repository__'/,
    ],
    ["name", toReference("x"), ["job", "name"], /'x'.*'ok', 'fail', 'hang'/],
    ["resource", toReference("plain", session), ["job", "name"], /without a resource 'eom'/],
    ["fields", toReference("strict", session), ["job", "name"], /does not accept .*"attempt"/],
    [
      "run config",
      toReference("configured", { runConfig: { ops: { wants_config: { config: { a: "x" } } } } }),
      ["params", "run_config", "ops", "wants_config", "config", "a"],
      /Invalid scalar/,
    ],
    ["tag", toReference("ok", { tags: { "eom/slot": "x" } }), ["params", "tags", "eom/slot"], /sets itself/],
  ])("refuses a wrong %s at its place", async ([, reference, path, words]) => {
    expect(await under.engine.checkJob(reference)).toMatchObject({
      verdict: "refused",
      issues: [{ path, message: expect.stringMatching(words) }],
    });
  });

  test("gives no verdict if the code cannot be loaded, or Dagster does not answer", async () => {
    for (const location of under.dagster.world.locations) location.state = "failed";
    const message = expect.stringMatching(/'pipelines' of Dagster cannot be loaded: DagsterImportError/);
    expect(await under.engine.checkJob(toReference("ok"))).toEqual({ verdict: "unanswered", message });
    await under.dagster.stop();
    expect(await under.engine.checkJob(toReference("ok"))).toMatchObject({ verdict: "unanswered" });
  });

  test("lists no job of Dagster's own, and kind 5 only for jobs with the resource eom", async () => {
    const jobs = await under.engine.jobs();
    expect(jobs.map(({ name }) => name)).toEqual(["ok", "fail", "hang", "plain", "strict", "configured"]);
    expect(jobs.find(({ name }) => name === "plain")?.kinds).toEqual([1]);
  });
});
