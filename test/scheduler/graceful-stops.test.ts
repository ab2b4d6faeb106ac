import { sql } from "kysely";
import { expect, vi } from "vitest";
import { tick } from "../../src/scheduler/tick.ts";
import cases from "../cases/graceful-stops.json" with { type: "json" };
import { patience } from "../support/time-limits.ts";
import { describeOnDatabases } from "./fixtures.ts";
import { change, notAborted, toCreate, type World } from "./world.ts";

/** A job that cleans up on SIGTERM and exits with 0. A shell: it is ready long before the limit of 3 s. */
const graceful = {
  name: "graceful",
  command: ["/bin/sh", "-c", 'trap "echo cleaned up; exit 0" TERM; echo begun; while :; do sleep 0.05; done'],
  timeout_seconds: null,
  environment: {},
};

const declared = [graceful, { ...graceful, name: "limited", timeout_seconds: 3 }];

const poll = (world: World) => tick("poll", world.needs, notAborted);

async function createSchedule(world: World, policy: Record<string, unknown> = {}, name = "graceful"): Promise<string> {
  return (await world.api.schedules.create(toCreate({ job: { name }, policy }), change)).id;
}

/** Triggers a session, and waits until its job can handle SIGTERM. */
async function start(world: World, scheduleId: string): Promise<string> {
  const { id } = await world.api.sessions.trigger(scheduleId, change);
  await tick("pick", world.needs, notAborted);
  await vi.waitFor(async () => {
    await poll(world);
    expect((await world.api.sessions.find(id)).run?.output).toContain("begun");
  }, patience);
  return id;
}

/** The ways in which EOM ends a run, by the word of the cases. Each returns the session. */
const ways: Readonly<Record<string, (world: World) => Promise<string>>> = {
  "timeout_seconds 3 of the jobs file": async (world) => start(world, await createSchedule(world, {}, "limited")),
  "policy.max_runtime_seconds 3": async (world) => {
    const id = await start(world, await createSchedule(world, { max_runtime_seconds: 3 }));
    world.clock.advance(4);
    await poll(world);
    return id;
  },
  "POST sessions/{id}/cancel": async (world) => {
    const id = await start(world, await createSchedule(world));
    await world.api.sessions.cancel(id, change);
    await poll(world);
    return id;
  },
  "SIGTERM to EOM, then a new start on the same data": async (world) => {
    const id = await start(world, await createSchedule(world));
    await world.needs.engine.close();
    return id;
  },
  "a newer session, by policy.overlap cancel_previous": async (world) => {
    const id = await start(world, await createSchedule(world, { overlap: "cancel_previous" }));
    await sql`update ailbl_session set stop_reason = 'replaced', stop_requested = ${world.clock.now()}
      where id = ${id}`.execute(world.db);
    await poll(world);
    return id;
  },
  "DELETE schedules/{id}?cancel=true": async (world) => {
    const scheduleId = await createSchedule(world);
    const id = await start(world, scheduleId);
    await world.api.schedules.remove(scheduleId, true, null, change);
    await poll(world);
    return id;
  },
};

const moreCases = [
  {
    id: "graceful-5",
    input: { ended_by: "a newer session, by policy.overlap cancel_previous" },
    expected: { state: "canceled", "error.code": "SESSION_REPLACED" },
  },
  { id: "graceful-6", input: { ended_by: "DELETE schedules/{id}?cancel=true" }, expected: { state: "canceled" } },
];

describeOnDatabases(
  "a job that exits with 0 when it is asked to end",
  (test) => {
    for (const { id: name, input, expected } of [...cases, ...moreCases]) {
      test(`does not succeed when it is ended by ${input.ended_by} (${name})`, async ({ world }) => {
        const end = ways[input.ended_by];
        if (end === undefined) throw new Error(`The test has no way for ${input.ended_by}`);
        const id = await end(world);
        await world.runsEnded.until(1);
        await poll(world);
        const session = await world.api.sessions.find(id);
        expect(session.run?.output).toContain("cleaned up");
        expect(session.state).toBe(expected.state);
        if ("error.code" in expected) expect(session.error?.code).toBe(expected["error.code"]);
        if ("stats.succeeded" in expected) {
          const schedule = await world.api.schedules.find(session.schedule_id);
          expect(schedule.succeeded).toBe(expected["stats.succeeded"]);
        }
      });
    }
  },
  () => ({ declared }),
);
