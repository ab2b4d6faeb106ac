import { type SqlBool, sql } from "kysely";
import { Registry } from "prom-client";
import type { Database } from "../src/platform/database/tables.ts";
import { createLogger } from "../src/platform/log.ts";
import { createSchedulerMetrics } from "../src/scheduler/metrics.ts";
import { pick } from "../src/scheduler/pick/pick.ts";
import { scan } from "../src/scheduler/scan/scan.ts";
import { createGrouped } from "./metering-ways.ts";
import { createNoopEngine } from "./noop-engine.ts";
import { scanEpoch } from "./scale-fill.ts";
import type { ScaleCase } from "./scale-lists.ts";

const log = createLogger({ level: "error", format: "json" });
const metrics = createSchedulerMetrics(new Registry());
/** Of scale-fill.ts: a hundred, but for the two that are marked. */
const due = 98;
const room = 50;

export function createScanCase(db: Database): ScaleCase {
  const settings = { batchSize: 1000, punctualSeconds: 10 };
  let minute = 0;
  return {
    of: `scan that opens ${due} slots`,
    name: "among so many schedules and sessions",
    isCounted: false,
    async prepare() {
      await sql`delete from ailbl_session where slot >= ${scanEpoch}`.execute(db);
    },
    async run() {
      const now = new Date(Date.parse(scanEpoch) + minute * 60_000);
      minute += 1;
      const needs = { db, clock: { now: () => now }, log, metrics, scan: settings };
      const { sessions } = await scan(needs, new AbortController().signal);
      if (sessions !== due) throw new Error(`the scan opened ${sessions} sessions in place of ${due}`);
    },
  };
}

export function createPickCase(db: Database): ScaleCase {
  const unlimited = createNoopEngine({ maxRuns: room, onHandled: () => {}, onRunEnded: () => {} });
  // With a limit, as engines have it: pick counts the runs of each owner.
  const engine = { ...unlimited, maxRunsHere: 1000 };
  const clock = { now: () => new Date() };
  const lease = { owner: "bench", seconds: 3600 };
  return {
    of: `pick of ${room} sessions`,
    name: "among so many that wait, and as many that are over",
    isCounted: false,
    prepare: () => putBack(db),
    async run() {
      const { claims } = await pick({ db, clock, log, metrics, engine, lease });
      if (claims.length !== room) throw new Error(`${claims.length} sessions were picked in place of ${room}`);
    },
  };
}

const isClaimed = sql<SqlBool>`phase = 'active' and state = 'claimed'`;

/** Releases the sessions that the previous pick has claimed. */
async function putBack(db: Database): Promise<void> {
  await sql`update ailbl_session set state = 'pending', lease_owner = null, lease_expires_at = null, picked = null
    where ${isClaimed}`.execute(db);
  await sql`truncate ailbl_session_event`.execute(db);
}

/** One at a time, of any of so many users; and of the one whose ledger has so many entries. */
export function createConsumeCases(db: Database, users: number): ScaleCase[] {
  const { consume } = createGrouped({ db, reads: db, kind: "postgres", close: async () => {} });
  const toName = (number: number) => `u${String(number).padStart(7, "0")}`;
  // The quotas of the marked ones have expired: every fiftieth of the first thousand, from the seventh on.
  const anyUser = () => {
    const number = 1 + Math.floor(Math.random() * users);
    return toName(number % 50 === 7 ? number + 1 : number);
  };
  return [
    { of: "consume", name: "of any of so many users", isCounted: false, run: () => consume(anyUser()) },
    { of: "consume", name: "of one with so many entries", isCounted: false, run: () => consume(toName(1)) },
  ];
}
