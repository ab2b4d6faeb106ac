import { expect, test } from "vitest";
import { classifyRun } from "../../src/scheduler/poll/classify.ts";
import type { RunningSession } from "../../src/scheduler/poll/queries.ts";
import { reachedLimits, stopRequests } from "../../src/sessions/stop.ts";

const at = new Date("2026-11-23T10:00:00.000Z");

const session: RunningSession = {
  id: "s",
  attempt: 1,
  runs_checked: true,
  lease_token: 1,
  run_id: "r",
  run_status: "running",
  started: at,
  launch_started: at,
  launch_timeout_seconds: 60,
  max_runtime_seconds: 60,
  stop_reason: null,
  stop_requested: at,
  missed_polls: 0,
  missed_since: null,
};

test.for([...stopRequests, ...reachedLimits])(
  "keeps a run as succeeded that its engine reports as succeeded after a stop for %s: it had finished its work",
  (reason) => {
    const status = { state: "succeeded", startedAt: at, endedAt: at, error: null, result: null, output: null } as const;
    expect(classifyRun({ name: "dagster" }, { ...session, stop_reason: reason }, status, at).next).toMatchObject({
      step: "end",
      end: { state: "succeeded", error: null },
    });
  },
);

test.for(["replaced", "max_runtime"] as const)("says in the error of %s that work may go on", (reason) => {
  const remains = "EOM may not signal some of the job's processes";
  const facts = { startedAt: at, endedAt: at, error: null, result: null, output: null, remains };
  const { next } = classifyRun(
    { name: "local" },
    { ...session, stop_reason: reason },
    { state: "canceled", ...facts },
    at,
  );
  expect(next).toMatchObject({ end: { error: { message: expect.stringContaining(remains) } } });
});
