import { sql } from "kysely";
import { Registry } from "prom-client";
import { createScheduler } from "../../src/compose/scheduler.ts";
import { createEngines } from "../../src/engines/registry.ts";
import type { Database } from "../../src/platform/database/tables.ts";
import { Failure } from "../../src/platform/failure.ts";
import { createId } from "../../src/platform/id.ts";
import type { SchedulerContext } from "../../src/scheduler/context.ts";
import { createMendPosition } from "../../src/scheduler/mend/position.ts";
import { createSchedulerMetrics } from "../../src/scheduler/metrics.ts";
import { createRowPages } from "../../src/scheduler/row-pages.ts";
import { tick } from "../../src/scheduler/tick.ts";
import type { TickName } from "../../src/scheduler/tick-names.ts";
import { updateScheduleSchema } from "../../src/schedules/model.ts";
import { createSimulatedEngine, type Launches } from "./simulation-engine.ts";
import { createLife, createMortalDatabase, createMortalEngine, Died, type Life } from "./simulation-life.ts";
import type { Command, Round, Story } from "./simulation-story.ts";
import { change, createTestClock, createTestLog, noStorages, notAborted, rightClock, toCreate } from "./world.ts";

export const punctualSeconds = 10;

/** Smaller than the number of schedules, so that a scan needs several batches. */
const scanBatchSize = 2;

const workerCount = 3;

interface Worker {
  readonly life: Life;
  readonly needs: SchedulerContext;
  readonly work: (isEnding: boolean) => void;
  /** The last turn of each kind. A worker takes one turn of a kind at a time, as a process's loops do. */
  readonly turns: Map<TickName, Promise<void>>;
}

/** Starts several processes on one database. A story sets the time of their clock, and when each dies. */
export async function beginSimulation(
  db: Database,
  { start, durable, schedules }: Pick<Story, "start" | "durable" | "schedules">,
) {
  const clock = createTestClock(start);
  const { log } = createTestLog();
  const metrics = createSchedulerMetrics(new Registry());
  const launches: Launches = new Map();
  const shared = createSimulatedEngine(durable, clock, launches);
  const ids: string[] = [];
  let workers = Array.from({ length: workerCount }, createWorker);

  function createWorker(): Worker {
    const life = createLife();
    const own = durable ? shared : createSimulatedEngine(false, clock, launches);
    const parts = {
      db: createMortalDatabase(db, life),
      clock,
      log,
      storages: noStorages,
      engines: createEngines([createMortalEngine(own.engine, life)], own.engine.name),
    };
    const { schedules, sessions } = createScheduler({ ...parts, onWork: () => {} });
    const needs: SchedulerContext = {
      ...parts,
      clockGuard: rightClock,
      schedules,
      sessions,
      metrics,
      rowPages: createRowPages(),
      mendPosition: createMendPosition(),
      lease: { owner: createId(), seconds: 3600 },
      scan: { batchSize: scanBatchSize, punctualSeconds },
    };
    return { life, needs, work: own.work, turns: new Map() };
  }

  /** Runs a call in a process of the API, which may die too. @param fuse half steps until its death, or null */
  async function ask(fuse: number | null, work: (api: ReturnType<typeof createScheduler>) => Promise<unknown>) {
    const life = createLife();
    life.burn(fuse);
    const api = createScheduler({
      db: createMortalDatabase(db, life),
      clock,
      log,
      engines: createEngines([shared.engine], shared.engine.name),
      storages: noStorages,
      onWork: () => {},
    });
    try {
      await work(api);
    } catch (error) {
      // Commands may be refused. For example, a canceled session may have ended already.
      if (!(error instanceof Died || error instanceof Failure)) throw error;
    }
  }

  async function turn(worker: Worker, name: TickName): Promise<void> {
    const before = worker.turns.get(name) ?? Promise.resolve();
    const now = before.then(async () => {
      try {
        await tick(name, worker.needs, notAborted);
      } catch (error) {
        if (!(error instanceof Died)) throw error;
      }
    });
    worker.turns.set(name, now);
    await now;
  }

  async function expireLeases(owner: string): Promise<void> {
    await sql`update ailbl_session set lease_expires_at = now() - interval '1 second' where lease_owner = ${owner}`.execute(
      db,
    );
  }

  async function bury(): Promise<void> {
    for (const [index, worker] of workers.entries()) {
      if (!worker.life.isDead()) {
        worker.life.burn(null);
        continue;
      }
      await expireLeases(worker.needs.lease.owner);
      workers[index] = createWorker();
    }
  }

  const toWorker = (index: number) => workers[index % workers.length] as Worker;
  const toScheduleId = (index: number) => ids[index % ids.length] ?? "";

  async function toSessionId(which: number): Promise<string> {
    const { rows } = await sql<{ id: string }>`
      select id from ailbl_session order by state in ('succeeded', 'skipped'), created desc, id limit 12`.execute(db);
    return rows[which % rows.length]?.id ?? "";
  }

  /** Creates a schedule, and reads its id from the database: the process may have died before it had the answer. */
  async function create(fields: Record<string, unknown>, fuse: number | null): Promise<void> {
    await ask(fuse, (api) => api.schedules.create(toCreate(fields), change));
    const { rows } = await sql<{ id: string }>`select id from ailbl_schedule order by created, id`.execute(db);
    for (const { id } of rows) if (!ids.includes(id)) ids.push(id);
  }

  /** Updates a schedule. Overlap `allow` stays, and no other overlap becomes `allow`. */
  async function update(id: string, fields: Record<string, unknown>, fuse: number | null): Promise<void> {
    await ask(fuse, async (api) => {
      const { policy } = await api.schedules.find(id);
      const given = fields["policy"] as Record<string, unknown> | undefined;
      const kept = policy.overlap === "allow" ? { ...given, overlap: "allow" } : given;
      const input = updateScheduleSchema.parse({ ...fields, ...(given === undefined ? {} : { policy: kept }) });
      await api.schedules.update(id, input, null, change);
    });
  }

  async function happen(command: Command): Promise<void> {
    const { fuse } = command;
    switch (command.does) {
      case "tick": {
        const worker = toWorker(command.worker);
        if (fuse !== null) worker.life.burn(fuse);
        return turn(worker, command.name);
      }
      case "rush": {
        if (fuse !== null) toWorker(fuse).life.burn(fuse);
        await Promise.all(workers.map((worker) => turn(worker, command.name)));
        return;
      }
      case "stall":
        return expireLeases(toWorker(command.worker).needs.lease.owner);
      case "create":
        return create(command.fields, fuse);
      case "update":
        return update(toScheduleId(command.schedule), command.fields, fuse);
      case "enable":
      case "disable":
        return ask(fuse, (api) =>
          api.schedules.setEnabled(toScheduleId(command.schedule), command.does === "enable", null, change),
        );
      case "trigger":
        return ask(fuse, (api) => api.sessions.trigger(toScheduleId(command.schedule), change));
      case "backfill": {
        const to = clock.now();
        const from = new Date(to.getTime() - command.minutes * 60_000);
        const input = { from, to, max_parallel: command.parallel };
        return ask(fuse, (api) => api.backfills.create(toScheduleId(command.schedule), input, change));
      }
      case "retry":
      case "cancel": {
        const id = await toSessionId(command.which);
        return ask(fuse, (api) => api.sessions[command.does](id, change));
      }
    }
  }

  const work = (isEnding: boolean) => {
    if (durable) shared.work(isEnding);
    else for (const worker of workers) worker.work(isEnding);
  };

  async function hasEnded(): Promise<boolean> {
    const { rows } = await sql`
      select from ailbl_session where phase in ('waiting', 'retrying', 'active')
      union all select from ailbl_backfill where state = 'running' limit 1`.execute(db);
    return rows.length === 0;
  }

  for (const fields of schedules) await create(fields, null);

  return {
    scheduleIds: () => ids as readonly string[],

    /** Advances the clock, then runs all commands at once. */
    async live({ seconds, commands }: Round): Promise<void> {
      clock.advance(seconds);
      work(false);
      await Promise.all(commands.map(happen));
      await bury();
    },

    /** Scans once more, then runs every session to its end. @returns the time of that scan, in milliseconds */
    async finish(): Promise<number> {
      for (const { needs } of workers) await expireLeases(needs.lease.owner);
      workers = [createWorker(), createWorker()];
      await turn(toWorker(0), "scan");
      const end = clock.now().getTime();
      for (let count = 0; count < 300 && !(await hasEnded()); count += 1) {
        for (const name of ["sweep", "backfill", "pick"] as const) await turn(toWorker(count), name);
        work(true);
        for (const worker of workers) await turn(worker, "poll");
        clock.advance(count < 30 ? 40 : 3600);
      }
      return end;
    },

    listLaunchedTwice: () => [...launches].filter(([, count]) => count > 1).map(([attempt]) => attempt),
  };
}
