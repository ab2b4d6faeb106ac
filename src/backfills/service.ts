import { recordAudit } from "../platform/audit/record.ts";
import type { Database } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { invalid } from "../platform/failure.ts";
import { createId, isUuid } from "../platform/id.ts";
import type { Change } from "../platform/resource/change.ts";
import { type Page, parsePageStart } from "../platform/resource/paging.ts";
import { requireSchedule } from "../schedules/lookup.ts";
import type { ScheduleNeeds } from "../schedules/service.ts";
import { endWaiting, listUnderWay, requestStops } from "../sessions/queries.ts";
import { listSlotsBetween } from "../timing/slots-between.ts";
import { backfillNotFound } from "./errors.ts";
import type { Backfill, CreateBackfill, ListBackfills } from "./model.ts";
import {
  type BackfillRow,
  findBackfill,
  insertBackfill,
  listBackfills,
  lockBackfill,
  moveBackfill,
} from "./queries.ts";
import { holdSchedule } from "./session-queries.ts";

export type BackfillService = ReturnType<typeof createBackfillService>;

/** The use cases of backfills; each owns its transactions. */
export function createBackfillService({ db, clock, onWork }: Pick<ScheduleNeeds, "db" | "clock" | "onWork">) {
  /** @throws BACKFILL_NOT_FOUND, also for one of another schedule */
  async function find(scheduleId: string, id: string): Promise<Backfill> {
    return toBackfill(requireOf(scheduleId, id, isUuid(id) ? await findBackfill(db, id) : undefined));
  }

  /** Of a schedule that was deleted too. */
  async function list(scheduleId: string, query: ListBackfills): Promise<Page<BackfillRow>> {
    const start = parsePageStart(query);
    return isUuid(scheduleId) ? listBackfills(db, scheduleId, query, start) : { rows: [], total: 0 };
  }

  /** Opens nothing itself: a worker does. @throws SCHEDULE_NOT_FOUND, VALIDATION_ERROR for a stretch without a slot that is over */
  async function create(scheduleId: string, input: CreateBackfill, change: Change<Backfill>): Promise<Backfill> {
    await requireSchedule(db, scheduleId);
    const told = await inTransaction(db, async (tx) => {
      await holdSchedule(tx, scheduleId);
      const schedule = await requireSchedule(tx, scheduleId);
      const now = clock.now();
      if (input.to > now)
        throw invalid("/to", `must not be after now (${now.toISOString()}): a backfill is for what is over`);
      if (listSlotsBetween(schedule, input, 1).length === 0)
        throw invalid("/from", "begins a stretch in which the schedule has no slot", "no_slots");
      const id = createId();
      const { from, to, max_parallel: maxParallel } = input;
      await insertBackfill(tx, { id, schedule, from, to, maxParallel, now, createdBy: change.actor.subject });
      const backfill = await read(tx, scheduleId, id);
      await recordAudit(tx, { ...toTrail(change, scheduleId, "schedule.backfill"), before: null, after: backfill });
      await change.beforeCommit(tx, backfill);
      return backfill;
    });
    onWork();
    return told;
  }

  /** What waits ends at once, what runs is asked to end if `running`. One that is over already is told as it is. */
  async function cancel(
    scheduleId: string,
    id: string,
    { running }: { running: boolean },
    { actor }: Pick<Change<null>, "actor">,
  ): Promise<Backfill> {
    await find(scheduleId, id);
    const told = await inTransaction(db, async (tx) => {
      const before = requireOf(scheduleId, id, await lockBackfill(tx, id));
      const now = clock.now();
      const by = actor.subject;
      if (running) {
        const underWay = await listUnderWay(tx, { backfillId: id });
        await requestStops(
          tx,
          underWay.map((session) => session.id),
          { now, by, reason: "cancel" },
        );
      }
      if (before.state !== "running") return read(tx, scheduleId, id);
      await endWaiting(
        tx,
        { backfillId: id },
        { state: "canceled", now, actor: by, reason: "backfill_canceled", message: "The backfill was canceled" },
      );
      const ending = { state: "canceled", reason: "canceled", next_from: before.next_from, ended: now } as const;
      await moveBackfill(tx, id, { ...ending, opened: 0 });
      const after = await read(tx, scheduleId, id);
      const trail = toTrail({ actor }, scheduleId, "schedule.backfill_cancel");
      await recordAudit(tx, { ...trail, before: toBackfill(before), after });
      return after;
    });
    onWork();
    return told;
  }

  return { find, list, create, cancel };
}

async function read(db: Database, scheduleId: string, id: string): Promise<Backfill> {
  return toBackfill(requireOf(scheduleId, id, await findBackfill(db, id)));
}

function requireOf(scheduleId: string, id: string, row: BackfillRow | undefined): BackfillRow {
  if (row?.schedule_id !== scheduleId.toLowerCase()) throw backfillNotFound(id);
  return row;
}

function toTrail({ actor }: Pick<Change<null>, "actor">, objectId: string, action: string) {
  return { actor, action, kind: "schedule", objectId };
}

export function toBackfill(row: BackfillRow): Backfill {
  return {
    id: row.id,
    schedule_id: row.schedule_id,
    schedule_name: row.schedule_name,
    from: row.from_slot.toISOString(),
    to: row.to_slot.toISOString(),
    max_parallel: row.max_parallel,
    state: row.state,
    reason: row.reason,
    next_from: row.next_from?.toISOString() ?? null,
    opened: row.opened,
    sessions: row.sessions ?? {},
    created: row.created.toISOString(),
    created_by: row.created_by,
    ended: row.ended?.toISOString() ?? null,
  };
}
