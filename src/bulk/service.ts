import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { createId } from "../platform/id.ts";
import type { Change } from "../platform/resource/change.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import { recordChange } from "../platform/resource/record-change.ts";
import { requireRow } from "../platform/resource/rows.ts";
import { toScheduleFilter } from "../schedules/list.ts";
import { selectSchedules } from "../schedules/queries.ts";
import { toScheduleState } from "../schedules/representation.ts";
import type { ScheduleNeeds } from "../schedules/service.ts";
import { toSessionFilter } from "../sessions/list.ts";
import { listMatchingSessions } from "../sessions/queries.ts";
import { bulkNotFound, bulkTotalConflict } from "./errors.ts";
import {
  type Bulk,
  type BulkAction,
  type BulkPreview,
  type BulkSchedules,
  type BulkSessions,
  type ListBulks,
  maxShown,
} from "./model.ts";
import {
  type BulkRow,
  type BulkTarget,
  countTargets,
  endBulk,
  findBulk,
  insertBulk,
  insertItems,
  listBulks,
} from "./queries.ts";

/** The use cases of the bulk routes. */
export type BulkService = ReturnType<typeof createBulkService>;

/** A requested bulk action and its objects. */
interface BulkRequest {
  readonly action: BulkAction;
  readonly filter: Record<string, unknown>;
  readonly note: string | null;
  readonly expectedTotal: number;
  readonly target: BulkTarget;
}

/** Creates the use cases of bulk actions. Each opens its own transaction. The step `bulk` of the workers carries the actions out. */
export function createBulkService({ db, clock, onWork }: Pick<ScheduleNeeds, "db" | "clock" | "onWork">) {
  /** @throws BULK_NOT_FOUND */
  async function find(id: string): Promise<Bulk> {
    return toBulk(await requireBulk(db, id));
  }

  function list(query: ListBulks, start: PageStart): Promise<Page<BulkRow>> {
    return listBulks(db, query, start);
  }

  function previewSessions({ filter }: BulkSessions, change: Change<BulkPreview>): Promise<BulkPreview> {
    const target = toSessionTarget(filter);
    return inTransaction(db, async (tx) => {
      const rows = await listMatchingSessions(tx, target.filter, maxShown);
      const sample = rows.map(({ id, schedule_name: name, state }) => ({ id, name, state }));
      return preview(tx, target, sample, change);
    });
  }

  function previewSchedules({ filter }: BulkSchedules, change: Change<BulkPreview>): Promise<BulkPreview> {
    const target = toScheduleTarget(filter);
    return inTransaction(db, async (tx) => {
      const rows = await selectSchedules(tx)
        .where(target.filter)
        .orderBy("ailbl_schedule.id")
        .limit(maxShown)
        .execute();
      const sample = rows.map((row) => ({ id: row.id, name: row.name, state: toScheduleState(row) }));
      return preview(tx, target, sample, change);
    });
  }

  /** Creates a bulk action on sessions. @throws BULK_TOTAL_CONFLICT */
  function createForSessions(input: BulkSessions, change: Change<Bulk>): Promise<Bulk> {
    const { action, filter, expected_total: expectedTotal = 0 } = input;
    return create({ action, filter, note: null, expectedTotal, target: toSessionTarget(filter) }, change);
  }

  /** Creates a bulk action on schedules. @throws BULK_TOTAL_CONFLICT */
  function createForSchedules(input: BulkSchedules, change: Change<Bulk>): Promise<Bulk> {
    const { action, filter, note, expected_total: expectedTotal = 0 } = input;
    return create({ action, filter, note, expectedTotal, target: toScheduleTarget(filter) }, change);
  }

  /**
   * Inserts the bulk action and its items. One statement selects, counts and inserts the items, so the compared total is exactly the
   * number of objects that will be changed.
   *
   * @throws BULK_TOTAL_CONFLICT when the filter matches another number than expected
   */
  async function create({ target, expectedTotal, ...request }: BulkRequest, change: Change<Bulk>): Promise<Bulk> {
    const bulk = await inTransaction(db, async (tx) => {
      const id = createId();
      const now = clock.now();
      await insertBulk(tx, {
        id,
        kind: target.kind,
        ...request,
        state: expectedTotal === 0 ? "done" : "running",
        total: expectedTotal,
        created: now,
        created_by: change.actor.subject,
        on_behalf_of: change.actor.onBehalfOf,
        ended: expectedTotal === 0 ? now : null,
      });
      const items = await insertItems(tx, id, target, expectedTotal + 1);
      if (items !== expectedTotal) throw bulkTotalConflict(expectedTotal, await countTargets(tx, target));
      return recordBulkChange(tx, id, null, `${target.kind}.bulk_${request.action}`, change);
    });
    onWork();
    return bulk;
  }

  /**
   * Stops a bulk action. Changes that were made stay. A bulk action that has ended is returned as it is.
   *
   * @throws BULK_NOT_FOUND
   */
  async function cancel(id: string, change: Change<Bulk>): Promise<Bulk> {
    await requireBulk(db, id);
    return inTransaction(db, async (tx) => {
      const before = await requireBulk(tx, id);
      if (!(await endBulk(tx, id, "canceled", clock.now()))) return toBulk(await requireBulk(tx, id));
      return recordBulkChange(tx, id, before, "bulk.cancel", change);
    });
  }

  return { find, list, previewSessions, previewSchedules, createForSessions, createForSchedules, cancel };
}

function toSessionTarget(filter: BulkSessions["filter"]): BulkTarget {
  return { kind: "session", filter: toSessionFilter(filter) };
}

function toScheduleTarget(filter: BulkSchedules["filter"]): BulkTarget {
  return { kind: "schedule", filter: toScheduleFilter(filter) };
}

async function preview(
  tx: DatabaseTransaction,
  target: BulkTarget,
  sample: BulkPreview["sample"],
  change: Change<BulkPreview>,
): Promise<BulkPreview> {
  const result = { total: await countTargets(tx, target), sample };
  await change.beforeCommit(tx, result);
  return result;
}

async function recordBulkChange(
  tx: DatabaseTransaction,
  id: string,
  before: BulkRow | null,
  action: string,
  change: Change<Bulk>,
): Promise<Bulk> {
  const after = toBulk(await requireBulk(tx, id));
  return recordChange(tx, change, { action, kind: "bulk", id, before: before === null ? null : toBulk(before), after });
}

/** @throws BULK_NOT_FOUND */
function requireBulk(db: Database, id: string): Promise<BulkRow> {
  return requireRow(id, (bulkId) => findBulk(db, bulkId), bulkNotFound);
}

/** Converts a row to the bulk action of the API. */
export function toBulk(row: BulkRow): Bulk {
  return {
    id: row.id,
    kind: row.kind,
    action: row.action,
    filter: row.filter,
    note: row.note,
    state: row.state,
    cancelable: row.state === "running",
    total: row.total,
    done: row.done,
    failed: row.failed,
    waiting: row.total - row.done - row.failed,
    failures: row.failures,
    created: row.created.toISOString(),
    created_by: row.created_by,
    ended: row.ended?.toISOString() ?? null,
  };
}
