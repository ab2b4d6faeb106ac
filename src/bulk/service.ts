import { recordAudit } from "../platform/audit/record.ts";
import type { Database } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { createId, isUuid } from "../platform/id.ts";
import type { Change } from "../platform/resource/change.ts";
import { type Page, parsePageStart } from "../platform/resource/paging.ts";
import { toScheduleFilter } from "../schedules/list.ts";
import { selectSchedules } from "../schedules/queries.ts";
import { toScheduleState } from "../schedules/representation.ts";
import type { ScheduleNeeds } from "../schedules/service.ts";
import { toSessionFilter } from "../sessions/list.ts";
import { selectSessions } from "../sessions/queries.ts";
import { bulkNotFound, bulkTotalConflict } from "./errors.ts";
import {
  type Bulk,
  type BulkAction,
  type BulkPreview,
  type BulkSchedules,
  type BulkSessions,
  type ListBulks,
  mostShown,
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

export type BulkService = ReturnType<typeof createBulkService>;

/** A bulk action as it was asked for, and what it is about. */
interface Wanted {
  readonly action: BulkAction;
  readonly filter: Record<string, unknown>;
  readonly note: string | null;
  readonly expectedTotal: number;
  readonly target: BulkTarget;
}

/** The use cases of bulk actions; each owns its transactions. A worker carries them out (tick.ts). */
export function createBulkService({ db, clock, onWork }: Pick<ScheduleNeeds, "db" | "clock" | "onWork">) {
  /** @throws BULK_NOT_FOUND */
  async function find(id: string): Promise<Bulk> {
    return toBulk(await requireBulk(db, id));
  }

  function list(query: ListBulks): Promise<Page<BulkRow>> {
    return listBulks(db, query, parsePageStart(query));
  }

  function previewSessions({ filter }: BulkSessions, change: Change<BulkPreview>): Promise<BulkPreview> {
    const target = toSessionTarget(filter);
    return inTransaction(db, async (tx) => {
      const found = await selectSessions(tx).where(target.filter).orderBy("s.id").limit(mostShown).execute();
      const sample = found.map(({ id, schedule_name: name, state }) => ({ id, name, state }));
      return preview(tx, target, sample, change);
    });
  }

  function previewSchedules({ filter }: BulkSchedules, change: Change<BulkPreview>): Promise<BulkPreview> {
    const target = toScheduleTarget(filter);
    return inTransaction(db, async (tx) => {
      const found = await selectSchedules(tx)
        .where(target.filter)
        .orderBy("ailbl_schedule.id")
        .limit(mostShown)
        .execute();
      const sample = found.map((row) => ({ id: row.id, name: row.name, state: toScheduleState(row) }));
      return preview(tx, target, sample, change);
    });
  }

  /** @throws BULK_TOTAL_CONFLICT */
  function createForSessions(input: BulkSessions, change: Change<Bulk>): Promise<Bulk> {
    const { action, filter, expected_total: expectedTotal = 0 } = input;
    return create({ action, filter, note: null, expectedTotal, target: toSessionTarget(filter) }, change);
  }

  /** @throws BULK_TOTAL_CONFLICT */
  function createForSchedules(input: BulkSchedules, change: Change<Bulk>): Promise<Bulk> {
    const { action, filter, note, expected_total: expectedTotal = 0 } = input;
    return create({ action, filter, note, expectedTotal, target: toScheduleTarget(filter) }, change);
  }

  /** What it acts on is found, counted and written down by one statement: the total is that of what will be done. */
  async function create({ target, expectedTotal, ...wanted }: Wanted, change: Change<Bulk>): Promise<Bulk> {
    const told = await inTransaction(db, async (tx) => {
      const id = createId();
      const now = clock.now();
      await insertBulk(tx, {
        id,
        kind: target.kind,
        ...wanted,
        state: expectedTotal === 0 ? "done" : "running",
        total: expectedTotal,
        created: now,
        created_by: change.actor.subject,
        on_behalf_of: change.actor.onBehalfOf,
        ended: expectedTotal === 0 ? now : null,
      });
      const found = await insertItems(tx, id, target, expectedTotal + 1);
      if (found !== expectedTotal) throw bulkTotalConflict(expectedTotal, await countTargets(tx, target));
      return finish(tx, id, null, `${target.kind}.bulk_${wanted.action}`, change);
    });
    onWork();
    return told;
  }

  /** What is done stays done; nothing more is. One that is over already is told as it is. @throws BULK_NOT_FOUND */
  async function cancel(id: string, { actor }: Pick<Change<null>, "actor">): Promise<Bulk> {
    await requireBulk(db, id);
    return inTransaction(db, async (tx) => {
      const before = await requireBulk(tx, id);
      if (!(await endBulk(tx, id, "canceled", clock.now()))) return toBulk(await requireBulk(tx, id));
      return finish(tx, id, before, "bulk.cancel", { actor, beforeCommit: async () => {} });
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
  tx: Parameters<Change<BulkPreview>["beforeCommit"]>[0],
  target: BulkTarget,
  sample: BulkPreview["sample"],
  change: Change<BulkPreview>,
): Promise<BulkPreview> {
  const told = { total: await countTargets(tx, target), sample };
  await change.beforeCommit(tx, told);
  return told;
}

async function finish(
  tx: Parameters<Change<Bulk>["beforeCommit"]>[0],
  id: string,
  before: BulkRow | null,
  action: string,
  change: Change<Bulk>,
): Promise<Bulk> {
  const after = toBulk(await requireBulk(tx, id));
  await recordAudit(tx, {
    actor: change.actor,
    action,
    kind: "bulk",
    objectId: id,
    before: before === null ? null : toBulk(before),
    after,
  });
  await change.beforeCommit(tx, after);
  return after;
}

async function requireBulk(db: Database, id: string): Promise<BulkRow> {
  const row = isUuid(id) ? await findBulk(db, id) : undefined;
  if (row === undefined) throw bulkNotFound(id);
  return row;
}

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
