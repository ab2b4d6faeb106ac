import { sql } from "kysely";
import { expect } from "vitest";
import { tick } from "../../src/scheduler/tick.ts";
import type { Api } from "../scheduler/api.ts";
import { describeOnDatabases } from "../scheduler/fixtures.ts";
import { createRemoteEngine } from "../scheduler/remote-engine.ts";
import { change, notAborted, toCreate } from "../scheduler/world.ts";

const at = (time: string) => `2026-11-23T${time}:00.000Z`;

interface TimelineFixtures {
  /** Creates a schedule and returns its id. */
  readonly create: (fields: Record<string, unknown>) => Promise<string>;
  /** Reads a page of the timeline. */
  readonly read: (query: string) => Promise<Awaited<ReturnType<Api>>["body"]>;
}

const toOptions = () => ({ engine: createRemoteEngine().engine });

describeOnDatabases(
  "the timeline",
  (base) => {
    const test = base.extend<TimelineFixtures>({
      create: async ({ world }, use) => {
        await use(async (fields) => (await world.api.schedules.create(toCreate(fields), change)).id);
      },
      read: async ({ ask }, use) => {
        await use(async (query) => {
          const answer = await ask("GET", `/timeline?${query}`);
          expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 });
          return answer.body;
        });
      },
    });
    const hourly = { trigger: { type: "cron", expression: "0 * * * *" } };

    test("has one row for each schedule: sessions, skipped stretches with a reason, expected slots, oldest first", async ({
      create,
      read,
      world,
    }) => {
      const id = await create({ name: "b hourly", ...hourly, policy: { misfire: "latest", catch_up_seconds: 86_400 } });
      await create({ name: "a yearly", trigger: { type: "cron", expression: "0 0 1 1 *" } });
      world.clock.set(at("13:00"));
      await tick("scan", world.needs, notAborted);
      const manual = await world.api.sessions.trigger(id, change);
      const body = await read(`from=${at("10:00")}&to=${at("16:00")}`);
      expect(body).toMatchObject({ total: 2, next_cursor: null });
      expect(body.data).toMatchObject([
        { schedule: { name: "a yearly", enable: true }, entries: [], truncated: false },
        {
          schedule: { id, name: "b hourly", enable: true },
          truncated: false,
          entries: [
            { from: at("11:00"), to: at("12:00"), reason: "misfire_policy" },
            { slot: at("13:00"), cause: "slot", state: "pending", reason: null, started: null, ended: null },
            { slot: at("13:00"), session_id: manual.id, cause: "manual", state: "pending" },
            { slot: at("14:00"), state: "expected" },
            { slot: at("15:00"), state: "expected" },
          ],
        },
      ]);
    });

    test("shows the slots that a disabled schedule passes over, and no expected slot", async ({
      create,
      read,
      world,
    }) => {
      const id = await create(hourly);
      await world.api.schedules.setEnabled(id, false, null, change);
      world.clock.set(at("12:30"));
      const { data } = await read(`from=${at("10:00")}&to=${at("16:00")}`);
      expect(data[0].entries).toEqual([{ from: at("11:00"), to: at("12:00"), reason: "paused" }]);
      expect((await read(`from=${at("05:00")}&to=${at("10:00")}`)).data[0].entries).toEqual([]);
    });

    test("limits the entries and expected slots of a row, and marks it as truncated", async ({
      create,
      read,
      database,
    }) => {
      const id = await create({});
      const [row] = (await read(`from=${at("10:00")}&to=${at("23:00")}`)).data;
      expect(row.entries).toHaveLength(200);
      expect(row.truncated).toBe(true);
      await sql`insert into ailbl_session (id, schedule_id, schedule_name, kind, cause, slot, data_interval_start, owner, engine, run_after,
        launch_timeout_seconds, created, created_by)
      select gen_random_uuid(), ${id}, 'x', 1, case when n % 2 = 0 then 'slot' else 'manual' end,
        ${at("01:00")}::timestamptz + make_interval(mins => n), now(), 'x', 'remote', now(), 1, now(), 'x'
      from generate_series(1, 300) as n`.execute(database.db);
      const [full] = (await read(`from=${at("00:00")}&to=${at("09:00")}`)).data;
      expect(full).toMatchObject({ truncated: true });
      expect(full.entries.map(({ slot }: { slot: string }) => slot)).toEqual(
        Array.from({ length: 200 }, (_, n) => new Date(Date.parse(at("01:01")) + n * 60_000).toISOString()),
      );
      const [part] = (await read(`from=${at("01:00")}&to=${at("01:11")}`)).data;
      expect(part).toMatchObject({ truncated: false });
      expect(part.entries).toHaveLength(10);
    });

    test("accepts the filters of the list of schedules, and pages by cursor", async ({ create, read }) => {
      for (const name of ["c", "a", "b", "other"])
        await create({ name, labels: { team: name === "other" ? "x" : "eu" } });
      const stretch = `from=${at("10:00")}&to=${at("10:05")}&filter[label]=team:eu&size=2`;
      const first = await read(stretch);
      const second = await read(`${stretch}&cursor=${first.next_cursor}`);
      const names = [...first.data, ...second.data].map(({ schedule }) => schedule.name);
      expect(names).toEqual(["a", "b", "c"]);
      expect(second.next_cursor).toBeNull();
    });

    test.for([
      ["", "/from"],
      [`from=${at("10:00")}&to=${at("10:00")}`, "/to"],
      [`from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:01Z`, "/to"],
      [`from=${at("10:00")}&to=${at("11:00")}&size=101`, "/size"],
      [`from=${at("10:00")}&to=null`, "/to"],
      [`from=null&to=${at("10:00")}`, "/from"],
    ])("refuses %s at %s", async ([query, path], { ask }) => {
      const { status, body } = await ask("GET", `/timeline?${query}`);
      expect(status).toBe(400);
      expect(body.details.issues[0]).toMatchObject({ path });
    });

    test("each schedule has one state, which is also a filter", async ({ ask, create, world, database }) => {
      const [ok, failing, gaveUp, paused, over] = await Promise.all(
        ["ok", "failing", "gave up", "paused", "over"].map((name) => create({ name })),
      );
      for (const id of [gaveUp, paused, over]) await world.api.schedules.setEnabled(id ?? "", false, null, change);
      await sql`update ailbl_schedule_stats set consecutive_failures = 1 where schedule_id = ${failing}`.execute(
        database.db,
      );
      for (const [id, reason] of [
        [gaveUp, "failing"],
        [over, "over"],
      ]) {
        await sql`update ailbl_schedule set disabled = disabled || jsonb_build_object('reason', ${reason}::text)
        where id = ${id}`.execute(database.db);
      }
      const expected = { ok: [ok], failing: [failing, gaveUp], disabled: [paused], over: [over] };
      for (const [state, ids] of Object.entries(expected)) {
        const { body } = await ask("GET", `/schedules?state=${state}`);
        expect(body.data.map(({ id }: { id: string }) => id).toSorted()).toEqual(ids.toSorted());
        for (const schedule of body.data) expect(schedule.state).toBe(state);
      }
      expect((await ask("GET", "/schedules?state=ok&state=over")).body.total).toBe(2);
      expect((await ask("GET", "/schedules?state=asleep")).status).toBe(400);
    });
  },
  toOptions,
);
