import { sql } from "kysely";
import type { Database } from "../src/platform/database/tables.ts";
import { insertCollections, insertStorages, loadInBulk } from "./fill.ts";
import { fillSessions } from "./fill-sessions.ts";
import {
  type Insert,
  insertAudit,
  insertBackfills,
  insertBulks,
  insertDeliveries,
  insertEvents,
  insertLedger,
  insertQuotas,
  insertScheduleStats,
  insertSchedules,
  insertSessions,
  insertTokens,
  insertUserQuotas,
  insertWebhooks,
} from "./scale-fill.ts";
import {
  createAuditCases,
  createBackfillCases,
  createBulkCases,
  createQuotaCases,
  createScheduleCases,
  createSessionCases,
  createStorageCases,
  createTimelineCases,
  createTokenCases,
  createUserCases,
  createWebhookCases,
  type ScaleCase,
} from "./scale-lists.ts";
import { createConsumeCases, createPickCase, createScanCase } from "./scale-work.ts";

/** Tables of one database, and what is timed there. */
export interface ScaleGroup {
  readonly name: string;
  /** Puts so many rows in every table, by a connection without time limits; vacuumed then. */
  fill(db: Database, count: number): Promise<void>;
  createCases(db: Database, count: number): Promise<ScaleCase[]>;
}

const filling =
  (tables: readonly string[], ...inserts: readonly Insert[]): ScaleGroup["fill"] =>
  (db, count) =>
    loadInBulk(db, tables, async (connection) => {
      for (const insert of inserts) await insert(count).execute(connection);
    });

const noop = { location: null, repository: null, name: "noop" };

export const groups: readonly ScaleGroup[] = [
  {
    name: "storages",
    fill: filling(["eom_storage", "eom_storage_collection"], insertStorages, insertCollections),
    createCases: async (db) => createStorageCases(db),
  },
  {
    name: "quotas",
    fill: filling(["eom_quota"], insertQuotas),
    createCases: async (db) => createQuotaCases(db),
  },
  {
    name: "users",
    async fill(db, count) {
      await insertQuotas(1).execute(db);
      await filling(["eom_user_quota"], insertUserQuotas)(db, count);
      // Partitioned: its only secondary index belongs to the partitions and cannot be dropped alone.
      await insertLedger(count).execute(db);
      await sql`vacuum analyze eom_quota_ledger`.execute(db);
    },
    createCases: async (db, count) => [...createUserCases(db), ...createConsumeCases(db, count)],
  },
  {
    name: "schedules",
    fill: filling(
      ["ailbl_schedule", "ailbl_schedule_stats", "ailbl_session", "ailbl_backfill"],
      insertSchedules,
      insertScheduleStats,
      insertSessions,
      insertBackfills,
    ),
    createCases: async (db) => [
      ...createScheduleCases(db),
      ...(await createSessionCases(db)),
      ...createTimelineCases(db),
      ...(await createBackfillCases(db)),
      createScanCase(db),
    ],
  },
  {
    name: "queue",
    async fill(db, count) {
      const sessions = { schedules: count, each: 1, owners: 10, overlap: "skip", engine: "noop", job: noop } as const;
      await fillSessions(db, sessions);
      await filling(["ailbl_session"], insertSessions)(db, count);
    },
    createCases: async (db) => [createPickCase(db)],
  },
  {
    name: "platform",
    fill: filling(["eom_audit", "eom_token", "ailbl_bulk"], insertAudit, insertTokens, insertBulks),
    createCases: async (db) => [...createAuditCases(db), ...(await createTokenCases(db)), ...createBulkCases(db)],
  },
  {
    name: "webhooks",
    fill: filling(["eom_webhook", "eom_event", "eom_webhook_delivery"], insertWebhooks, insertEvents, insertDeliveries),
    createCases: (db) => createWebhookCases(db),
  },
];
