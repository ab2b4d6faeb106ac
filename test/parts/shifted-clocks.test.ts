import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import cases from "../cases/clock.json" with { type: "json" };
import { listSlotFaults } from "../scheduler/account.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { type EomProcess, startEom } from "../support/processes/eom-process.ts";
import { createLoad, type Load } from "../support/processes/load.ts";
import { createShiftedClock, type ShiftedClock } from "../support/processes/shifted-clock.ts";
import { partPatience } from "../support/time-limits.ts";

const leaps = cases.filter(({ kind }) => kind === "clock-set-back-after-a-leap");

/** As in src/scheduler/workers.ts. */
const punctualSeconds = 10;
const day = 86_400;
const token = "token-of-the-shifted-clocks";

let folder: string;
let environment: Record<string, string>;
let clocks: ShiftedClock[];
let processes: EomProcess[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "eom-clocks-"));
  await writeFile(join(folder, "jobs.json"), JSON.stringify({ jobs: [{ name: "nothing", command: ["true"] }] }));
  environment = {
    EOM_DATA_DIR: join(folder, "data"),
    EOM_KEY_FILE: join(folder, "key"),
    EOM_JOBS_FILE: join(folder, "jobs.json"),
    EOM_ADMIN_TOKEN: token,
    EOM_PORT: "0",
    EOM_LOG_LEVEL: "fatal",
    EOM_LOG_FORMAT: "json",
  };
  clocks = [];
  processes = [];
});
afterEach(async () => {
  await Promise.all(processes.map((process) => process.kill()));
  for (const clock of clocks) clock.remove();
  await rm(folder, { recursive: true, force: true });
});

/** @param aheadSeconds of the process's clock at its start */
async function begin(command: "start" | "api" | "worker", aheadSeconds = 0) {
  const clock = createShiftedClock(aheadSeconds);
  clocks.push(clock);
  const process = await startEom(command, { environment: { ...environment, ...clock.environment } });
  processes.push(process);
  return { process, clock, load: createLoad(process.url ?? "", token) };
}

/** Waits until the overview names as many processes with a wrong clock. */
async function expectWrongClocks({ ask }: Load, total: number): Promise<void> {
  const find = async () => (await ask("GET", "/eom/admin/overview")).body.parts.processes;
  await vi.waitFor(async () => expect(await find()).toMatchObject({ total, fault: null }), partPatience);
}

test("clocks that are ahead, leap, and fall behind open no slot early, lose none, and open none twice", async () => {
  const database = await createTestDatabase("postgres");
  const { db } = database;
  environment = { ...environment, EOM_DATABASE_URL: database.url ?? "", EOM_DATABASE_POOL: "6" };
  // Written by the database, whatever the processes believe.
  await sql`alter table ailbl_session add column written timestamptz not null default clock_timestamp()`.execute(db);
  const api = await begin("api", -3600);
  const { load } = api;
  const workers = [await begin("worker", 3600), await begin("worker"), await begin("worker")];
  const [first, second, third] = workers;
  const ids = await load.createSchedules();
  await expectMoreSlots(database);

  // The worker that is ahead, and the API's process, whose clock nothing goes by.
  await expectWrongClocks(load, 2);
  const { body } = await load.ask("GET", "/eom/admin/doctor");
  expect(JSON.stringify(body)).toMatch(/clock is 3\d{3}\.\d s (ahead|behind)/);
  api.clock.set(0);
  first?.clock.set(0);
  await expectWrongClocks(load, 0);
  second?.clock.set(4000 * day);
  await expectWrongClocks(load, 1);
  third?.clock.set(-3600);
  await expectWrongClocks(load, 2);
  await expectMoreSlots(database);
  second?.clock.set(0);
  third?.clock.set(0);
  await expectWrongClocks(load, 0);
  // The processes whose clock was off scan again.
  await first?.process.kill();
  await expectMoreSlots(database);
  await second?.process.stop();
  await expectMoreSlots(database);
  await third?.process.stop();

  const early = await sql`select slot, written from ailbl_session where slot > written`.execute(db);
  expect(early.rows).toEqual([]);
  for (const id of ids) {
    const { rows } = await sql<{ end: Date }>`select scanned as end from ailbl_schedule where id = ${id}`.execute(db);
    expect(await listSlotFaults(db, id, rows[0]?.end.getTime() ?? 0, punctualSeconds)).toEqual([]);
  }
  const lost = await sql`select reason from ailbl_skipped_slots where reason <> 'overlap'`.execute(db);
  expect(lost.rows).toEqual([]);
  await database.close();
});

/** Waits for the slots of some more seconds. */
async function expectMoreSlots({ db }: TestDatabase): Promise<void> {
  const find = async () =>
    (await sql<{ slot: Date }>`select max(slot) as slot from ailbl_session`.execute(db)).rows[0]?.slot?.getTime() ?? 0;
  const before = await find();
  await vi.waitFor(async () => expect(await find()).toBeGreaterThan(before + 5000), partPatience);
}

test.each(leaps)("a clock that leaps ahead and back leaves an embedded EOM as it was: $id", async ({ input }) => {
  const { clock, load } = await begin("start");
  const expression = input.steps?.[0]?.replace(" runs", "");
  const trigger = { type: "cron", expression, time_zone: "UTC" };
  const year = new Date().getUTCFullYear();
  const { body: created } = await load.ask("POST", "/ailbl/admin/schedules", {
    name: "until next year",
    kind: 1,
    trigger,
    active: { end_date: `${year + 1}-12-31` },
    job: { name: "nothing" },
  });
  const schedule = `/ailbl/admin/schedules/${created.id}`;
  const find = async () => (await load.ask("GET", schedule)).body;
  const count = async () => (await find()).stats.succeeded;
  const expectMore = async (more: number) => {
    const before = await count();
    await vi.waitFor(async () => expect(await count()).toBeGreaterThanOrEqual(before + more), partPatience);
  };

  await expectMore(2);
  clock.set(4000 * day);
  await expectWrongClocks(load, 1);
  clock.set(0);
  await expectWrongClocks(load, 0);
  await expectMore(3);

  expect(await find()).toMatchObject({ enable: true, state: "ok" });
  const { body } = await load.ask("GET", "/ailbl/admin/sessions?size=100");
  expect(body.total).toBeGreaterThanOrEqual(5);
  for (const { slot } of body.data) expect(Date.parse(slot)).toBeLessThanOrEqual(Date.now());
  const { body: slots } = await load.ask("GET", `${schedule}/slots`);
  expect(slots.past.filter(({ reason }: { reason: string | null }) => reason === "missed_window")).toEqual([]);
});

test("a revoked token is refused within seconds by a process whose clock is set back", async () => {
  const database = await createTestDatabase("postgres");
  environment = { ...environment, EOM_DATABASE_URL: database.url ?? "", EOM_DATABASE_POOL: "4" };
  const shifted = await begin("api");
  const { load } = await begin("api");
  const { body: made } = await load.ask("POST", "/eom/admin/tokens", { label: "leaver", role: "viewer" });
  const ask = async () =>
    (await fetch(`${shifted.process.url}/eom/admin/me`, { headers: { authorization: `Bearer ${made.token}` } })).status;
  expect(await ask()).toBe(200);
  shifted.clock.set(-3600);
  expect((await load.ask("DELETE", `/eom/admin/tokens/${made.id}`)).status).toBe(204);
  // An hour, before this was measured by the monotonic clock.
  await vi.waitFor(async () => expect(await ask()).toBe(401), { timeout: 20_000, interval: 200 });
  await database.close();
});
