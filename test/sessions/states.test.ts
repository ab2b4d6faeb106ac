import { sql } from "kysely";
import { expect } from "vitest";
import { createId } from "../../src/platform/id.ts";
import { isEnded, isLeased, nextStates, type SessionState, sessionStates } from "../../src/sessions/states.ts";
import { describeOnDatabases } from "../scheduler/fixtures.ts";
import type { World } from "../scheduler/world.ts";

async function insertIn({ db }: World, state: SessionState): Promise<string> {
  const id = createId();
  await sql`insert into ailbl_session (id, schedule_id, schedule_name, kind, cause, slot, data_interval_start, state, owner,
      engine, run_after, launch_timeout_seconds, lease_owner, ended, created, created_by)
    values (${id}, ${createId()}, 'x', 1, 'manual', now(), now(), ${state}, 'x', 'local', now(), 1,
      ${isLeased(state) ? "me" : null}, ${isEnded(state) ? new Date() : null}, now(), 'x')`.execute(db);
  return id;
}

/** Whether the database accepts the step. */
async function accepts(world: World, from: SessionState, to: SessionState): Promise<boolean> {
  const id = await insertIn(world, from);
  const leaseOwner = isLeased(to) ? "me" : null;
  const ended = isEnded(to) ? new Date() : null;
  const step = sql`update ailbl_session set state = ${to}, lease_owner = ${leaseOwner}, ended = ${ended} where id = ${id}`;
  return step.execute(world.db).then(
    () => true,
    () => false,
  );
}

describeOnDatabases("the states of a session", (test) => {
  test("are the same in the database and in the code: the trigger accepts exactly the steps of nextStates", async ({
    world,
  }) => {
    const accepted: string[] = [];
    for (const from of sessionStates) {
      for (const to of sessionStates) {
        if (from !== to && (await accepts(world, from, to))) accepted.push(`${from} ${to}`);
      }
    }
    const steps = sessionStates.flatMap((from) => nextStates[from].map((to) => `${from} ${to}`));
    expect(accepted.sort()).toEqual(steps.sort());
  });
});
