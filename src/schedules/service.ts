import type { Engines } from "../engines/registry.ts";
import type { StoragesForRuns } from "../engines/run-storage.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import type { Logger } from "../platform/log.ts";
import type { Change } from "../platform/resource/change.ts";
import type { VersionCondition } from "../platform/resource/entity-tag.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import { recordChange } from "../platform/resource/record-change.ts";
import { endWaiting, listUnderWay, requestStops } from "../sessions/queries.ts";
import { kindIsFixed, scheduleNameConflict, sessionsUnderWay } from "./errors.ts";
import type { ListSchedules } from "./filters.ts";
import { checkJob } from "./job-check.ts";
import { listSchedules } from "./list.ts";
import { requireLocked, requireSchedule } from "./lookup.ts";
import type { CreateSchedule, Schedule, UpdateSchedule } from "./model.ts";
import { isNameTaken, type ScheduleRow } from "./queries.ts";
import { toSchedule } from "./representation.ts";
import { insertNamed, recordSave, saveSchedule } from "./save.ts";
import { mergeJob, mergeUpdate, toSavedSchedule } from "./saved-schedule.ts";
import { deleteSchedule } from "./write-queries.ts";

/** Everything that the services of schedules, slots and the timeline use. */
export interface ScheduleNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly engines: Engines;
  readonly storages: StoragesForRuns;
  /** Wakes the workers after a commit that gives them work. */
  readonly onWork: () => void;
}

/** See {@link createScheduleService}. */
export type ScheduleService = ReturnType<typeof createScheduleService>;

/** The use cases of schedules. Each runs its own transaction; an engine is asked before it, never inside. */
export function createScheduleService(needs: ScheduleNeeds) {
  const { db, clock, onWork } = needs;

  /** @throws SCHEDULE_NOT_FOUND */
  function find(id: string): Promise<ScheduleRow> {
    return requireSchedule(db, id);
  }

  /** @throws VALIDATION_ERROR for a cursor of another list */
  function list(query: ListSchedules, start: PageStart): Promise<Page<ScheduleRow>> {
    return listSchedules(db, query, start);
  }

  /** @throws SCHEDULE_NAME_CONFLICT, CRON_PARSE_ERROR, VALIDATION_ERROR for a job or a storage that does not exist */
  async function create(input: CreateSchedule, change: Change<Schedule>): Promise<Schedule> {
    const defaultEngine = needs.engines.defaultName;
    const schedule = toSavedSchedule(input, { defaultEngine, by: change.actor.subject, now: clock.now() });
    await checkJob(needs, schedule);
    if (await isNameTaken(db, schedule.name, null)) throw scheduleNameConflict(schedule.name);
    return inTransaction(db, async (tx) => {
      await insertNamed(tx, schedule);
      return recordSave(tx, change, { id: schedule.id, action: "schedule.create", before: null });
    });
  }

  /**
   * Changes the given fields; omitted fields keep their values.
   *
   * @throws SCHEDULE_NOT_FOUND, PRECONDITION_FAILED, SCHEDULE_NAME_CONFLICT, CRON_PARSE_ERROR
   * @throws VALIDATION_ERROR for another kind, wrong params, or a job or a storage that does not exist
   */
  async function update(
    id: string,
    input: UpdateSchedule,
    condition: VersionCondition,
    change: Change<Schedule>,
  ): Promise<Schedule> {
    const current = await requireSchedule(db, id);
    if (input.kind !== undefined && input.kind !== current.kind) throw kindIsFixed(current.kind);
    await checkChangedJob(current, input);
    return inTransaction(db, async (tx) => {
      const before = await requireLocked(tx, id, condition);
      // Under the lock: never earlier than the time of a scan or an edit that held the lock before.
      const now = clock.now();
      await saveSchedule(tx, before, mergeUpdate(before, input, now), { now, actor: change.actor, note: null });
      return recordSave(tx, change, { id, action: "schedule.update", before });
    });
  }

  /**
   * Enabling begins with the next instant and sets the failures in a row to 0. A schedule that is enabled (or disabled) already is
   * returned unchanged, with its version; but a note replaces the note of a disabled schedule, which keeps the reason, the person
   * and the time of its disabling. The note of an enabling is in the audit trail.
   *
   * @throws SCHEDULE_NOT_FOUND
   */
  async function setEnabled(
    id: string,
    enable: boolean,
    note: string | null,
    change: Change<Schedule>,
  ): Promise<Schedule> {
    await requireSchedule(db, id);
    return inTransaction(db, async (tx) => {
      const before = await requireLocked(tx, id, null);
      const isNewNote = !enable && note !== null && note !== before.disabled?.note;
      if (before.enable === enable && !isNewNote) return toSchedule(before);
      await saveSchedule(tx, before, { ...before, enable }, { now: clock.now(), actor: change.actor, note });
      if (!enable) return recordSave(tx, change, { id, action: "schedule.disable", before });
      // An enabled schedule has no note.
      return recordSave(tx, change, { id, action: "schedule.enable", before, note });
    });
  }

  /**
   * Deletes the schedule and ends its sessions; they can still be read.
   *
   * @throws SCHEDULE_NOT_FOUND, PRECONDITION_FAILED
   * @throws SESSION_STATE_CONFLICT when sessions are under way and `cancel` is false
   */
  async function remove(id: string, cancel: boolean, condition: VersionCondition, change: Change<null>): Promise<null> {
    await requireSchedule(db, id);
    await inTransaction(db, async (tx) => {
      const before = await requireLocked(tx, id, condition);
      await endSessions(tx, before, cancel, { now: clock.now(), by: change.actor.subject });
      await deleteSchedule(tx, id);
      const recorded = { action: "schedule.delete", kind: "schedule", id, before: toSchedule(before), after: null };
      await recordChange(tx, change, recorded);
    });
    onWork();
    return null;
  }

  /** Asks the engine only when the job changed: an outage must not prevent other edits, such as a new description. */
  async function checkChangedJob(current: ScheduleRow, input: UpdateSchedule): Promise<void> {
    if ([input.engine, input.job, input.params].every((given) => given === undefined)) return;
    const { name = current.name, engine = current.engine } = input;
    await checkJob(needs, { name, engine, kind: current.kind, ...mergeJob(current, input) });
  }

  return { find, list, create, update, setEnabled, remove };
}

/** Stops the schedule's sessions that are under way, and cancels those that wait. @throws SESSION_STATE_CONFLICT */
async function endSessions(
  tx: DatabaseTransaction,
  { id, name }: ScheduleRow,
  cancel: boolean,
  { now, by }: { readonly now: Date; readonly by: string },
): Promise<void> {
  const sessions = await listUnderWay(tx, { scheduleId: id });
  const [first] = sessions;
  if (first !== undefined && !cancel) throw sessionsUnderWay(name, sessions.length, first.state);
  const ids = sessions.map((session) => session.id);
  await requestStops(tx, ids, { now, by, reason: "cancel" });
  const message = "The schedule was deleted";
  await endWaiting(tx, { scheduleId: id }, { state: "canceled", now, actor: by, reason: "schedule_deleted", message });
}
