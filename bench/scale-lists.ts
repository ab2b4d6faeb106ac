import { sql } from "kysely";
import type { ListTokens } from "../src/access/model.ts";
import { listTokens } from "../src/access/queries.ts";
import type { ListAudit } from "../src/audit/model.ts";
import { listAudit } from "../src/audit/queries.ts";
import { listBackfills } from "../src/backfills/queries.ts";
import { listBulks } from "../src/bulk/queries.ts";
import { listLedger } from "../src/metering/ledger/list.ts";
import type { ListLedger } from "../src/metering/ledger/model.ts";
import { listDeliveries } from "../src/notifications/deliveries/list.ts";
import type { ListDeliveries } from "../src/notifications/deliveries/model.ts";
import { listWebhooks } from "../src/notifications/list.ts";
import type { ListWebhooks } from "../src/notifications/model.ts";
import { systemClock } from "../src/platform/clock.ts";
import type { Database } from "../src/platform/database/tables.ts";
import type { PageStart } from "../src/platform/resource/paging.ts";
import { listUserQuotas } from "../src/quotas/assignments/list.ts";
import type { ListUsers } from "../src/quotas/assignments/model.ts";
import { listUserIds } from "../src/quotas/assignments/users-list.ts";
import { listQuotas } from "../src/quotas/list.ts";
import type { ListQuotas } from "../src/quotas/model.ts";
import type { ListSchedules } from "../src/schedules/filters.ts";
import { listSchedules } from "../src/schedules/list.ts";
import { listSessions } from "../src/sessions/list.ts";
import type { ListSessions } from "../src/sessions/model.ts";
import { listStorages } from "../src/storages/list.ts";
import type { ListStorages } from "../src/storages/model.ts";
import { createTimelineService } from "../src/timeline/service.ts";
import { epoch, markedReservation } from "./scale-fill.ts";

/** Something that is timed: called again and again among more and more rows. */
export interface ScaleCase {
  /** What several cases are about, as a line of the table of results. */
  readonly of: string;
  readonly name: string;
  /** Whether it finds, and counts, all that there is, of which a total is exact up to 10,000. */
  readonly isCounted: boolean;
  /** Not timed; before each call. */
  readonly prepare?: () => Promise<void>;
  run(): Promise<unknown>;
}

/** A list, and what it is asked for by the names of its cases. */
interface ListCases<Query> {
  readonly of: string;
  readonly list: (query: Query) => Promise<unknown>;
  readonly usual: Query;
  /** Find all that there is. */
  readonly all: Readonly<Record<string, Partial<Query>>>;
  /** Find the twenty that are marked, or fewer. */
  readonly few: Readonly<Record<string, Partial<Query>>>;
}

function toCases<Query>({ of, list, usual, all, few }: ListCases<Query>): ScaleCase[] {
  const toCase =
    (isCounted: boolean) =>
    ([name, asked]: [string, Partial<Query>]) => ({
      of: `list of ${of}`,
      name,
      isCounted,
      run: () => list({ ...usual, ...asked }),
    });
  return [...Object.entries(all).map(toCase(true)), ...Object.entries(few).map(toCase(false))];
}

const start: PageStart = { by: "offset", offset: 0 };
const size = 8;
/** Then the marked rows are at the far end of every order. */
const backwards = { asc: false };
const inOrder = { "usual order": {}, descending: backwards };
/** After the first twenty rows. */
const created_to = new Date(Date.parse(epoch) + 20.5 * 60_000);
const marked = { "`label` of 20": { ...backwards, label: ["team:marked"] } };
/** A part of the MD5 of 7, which names and descriptions contain. */
const rare = { "`keyword` of one": { ...backwards, keyword: ["8f14e4"] } };
const early = { "`created_to` of 20": { ...backwards, created_to } };

async function findFirst(db: Database, table: string): Promise<string> {
  const { rows } = await sql<{ id: string }>`select id from ${sql.table(table)} order by created limit 1`.execute(db);
  return rows[0]?.id ?? "";
}

export function createStorageCases(db: Database): ScaleCase[] {
  return toCases<ListStorages>({
    of: "storages",
    list: (query) => listStorages(db, query, start),
    usual: { size, asc: true, sortby: "name" },
    all: {
      ...inOrder,
      "by created": { sortby: "created" },
      "by modified": { sortby: "modified" },
      "by enable": { sortby: "enable" },
    },
    few: { ...rare, ...early },
  });
}

export function createQuotaCases(db: Database): ScaleCase[] {
  return toCases<ListQuotas>({
    of: "quotas",
    list: (query) => listQuotas(db, query, start),
    usual: { size, asc: true, sortby: "name" },
    all: {
      ...inOrder,
      "by created": { sortby: "created" },
      "by modified": { sortby: "modified" },
      "by enable": { sortby: "enable" },
      "by type": { sortby: "type" },
    },
    few: { ...marked, ...rare, ...early, "`type` of 20": { ...backwards, type: ["MaxSize"] } },
  });
}

export function createUserCases(db: Database): ScaleCase[] {
  const user = "u0000001";
  return [
    ...toCases<ListUsers>({
      of: "users",
      list: (query) => listUserIds(db, query, start),
      usual: { size, asc: true, sortby: "user_id" },
      all: inOrder,
      few: {
        "`exceeded`": { ...backwards, exceeded: true },
        "`expiring_before`": { ...backwards, expiring_before: new Date() },
      },
    }),
    ...toCases<ListQuotas>({
      of: "a user's quotas",
      list: (query) => listUserQuotas(db, user, query, start),
      usual: { size, asc: true, sortby: "name" },
      all: {},
      few: { "usual order": {} },
    }),
    ...toCases<ListLedger>({
      of: "a user's ledger",
      list: (query) => listLedger(db, user, query, start),
      usual: { size, asc: true, sortby: "created" },
      all: inOrder,
      few: {
        ...early,
        "`kind` of 20": { ...backwards, kind: ["adjust"] },
        "`reservation_id` of 20": { reservation_id: [markedReservation] },
      },
    }),
  ];
}

export function createScheduleCases(db: Database): ScaleCase[] {
  return toCases<ListSchedules>({
    of: "schedules",
    list: (query) => listSchedules(db, query, start),
    usual: { size, asc: true, sortby: "name" },
    all: {
      ...inOrder,
      "by created": { sortby: "created" },
      "by modified": { sortby: "modified" },
      "by enable": { sortby: "enable" },
      "by next_due_at": { sortby: "next_due_at" },
    },
    few: {
      ...marked,
      ...rare,
      ...early,
      "`enable=false` of 20": { ...backwards, enable: [false] },
      "`state=disabled` of 20": { ...backwards, state: ["disabled"] },
      "`state=failing`, none": { ...backwards, state: ["failing"] },
      "`kind` of 20": { ...backwards, kind: [2] },
      "`due_before` of 98": { ...backwards, due_before: new Date("2027-01-01T00:00:00Z") },
    },
  });
}

export async function createSessionCases(db: Database): Promise<ScaleCase[]> {
  const { rows } = await sql<{ id: string }>`
    select schedule_id as id from ailbl_session where state = 'failed' limit 1`.execute(db);
  return toCases<ListSessions>({
    of: "sessions",
    list: (query) => listSessions(db, query, start),
    usual: { size, asc: true, sortby: "created" },
    all: { ...inOrder, "by slot": { sortby: "slot" } },
    few: {
      "`schedule_id` of 20": { ...backwards, schedule_id: [rows[0]?.id ?? ""] },
      "`state=failed` of 20": { ...backwards, state: ["failed"] },
      "`kind` of 20": { ...backwards, kind: [2] },
      "`created_by` of 20": { ...backwards, created_by: ["alice"] },
      "`slot_to` of 20": { ...backwards, slot_to: created_to },
    },
  });
}

/** The first day, with fifty sessions of each of the first schedules. */
export function createTimelineCases(db: Database): ScaleCase[] {
  const { list } = createTimelineService({ db, clock: systemClock });
  const from = new Date(epoch);
  const to = new Date(from.getTime() + 86_400_000);
  return toCases<Parameters<typeof list>[0]>({
    of: "the timeline",
    list: (query) => list(query, start),
    usual: { size, asc: true, sortby: "name", from, to },
    all: inOrder,
    few: marked,
  });
}

export async function createBackfillCases(db: Database): Promise<ScaleCase[]> {
  const schedule = await findFirst(db, "ailbl_schedule");
  return toCases<Parameters<typeof listBackfills>[2]>({
    of: "a schedule's backfills",
    list: (query) => listBackfills(db, schedule, query, start),
    usual: { size, asc: true, sortby: "created" },
    all: inOrder,
    few: {},
  });
}

export function createBulkCases(db: Database): ScaleCase[] {
  return toCases<Parameters<typeof listBulks>[1]>({
    of: "bulk actions",
    list: (query) => listBulks(db, query, start),
    usual: { size, asc: true, sortby: "created" },
    all: inOrder,
    few: {},
  });
}

export function createAuditCases(db: Database): ScaleCase[] {
  return toCases<ListAudit>({
    of: "changes",
    list: (query) => listAudit(db, query, start),
    usual: { size, asc: true, sortby: "at" },
    all: inOrder,
    few: {
      "`subject` of 20": { ...backwards, subject: ["alice"] },
      "`object_id` of 20": { ...backwards, object_id: ["marked"] },
      "`kind` of 20": { ...backwards, kind: ["token"] },
      "`to` of 20": { ...backwards, to: created_to },
    },
  });
}

export async function createTokenCases(db: Database): Promise<ScaleCase[]> {
  const id = await findFirst(db, "eom_token");
  return toCases<ListTokens>({
    of: "tokens",
    list: (query) => listTokens(db, query, start),
    usual: { size, asc: true, sortby: "created" },
    all: inOrder,
    few: { "`ids` of one": { ids: [id] } },
  });
}

export async function createWebhookCases(db: Database): Promise<ScaleCase[]> {
  const webhook = await findFirst(db, "eom_webhook");
  return [
    ...toCases<ListWebhooks>({
      of: "webhooks",
      list: (query) => listWebhooks(db, query, start),
      usual: { size, asc: true, sortby: "created" },
      all: { ...inOrder, "by modified": { sortby: "modified" } },
      few: { ...marked, ...rare, ...early, "`state` of 20": { ...backwards, state: ["failing"] } },
    }),
    ...toCases<ListDeliveries>({
      of: "a webhook's deliveries",
      list: (query) => listDeliveries(db, webhook, query, start),
      usual: { size, asc: true, sortby: "created" },
      all: inOrder,
      few: { "`state=dead` of 20": { ...backwards, state: ["dead"] } },
    }),
  ];
}
