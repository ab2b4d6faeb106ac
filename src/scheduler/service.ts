import { type Actor, recordAudit } from "../platform/audit/record.ts";
import type { Clock } from "../platform/clock.ts";
import { isForeignKeyViolation, isUniqueViolation } from "../platform/database/faults.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { fail, invalid } from "../platform/failure.ts";
import { meetsCondition, type VersionCondition } from "../platform/http/entity-tag.ts";
import { type Page, parsePageStart } from "../platform/http/paging.ts";
import { createId, isUuid } from "../platform/id.ts";
import type { Engine } from "./engines/engine.ts";
import {
  preconditionFailed,
  scheduleNameConflict,
  scheduleNotFound,
  scheduleRuns,
  unknownJob,
  unknownStorage,
} from "./errors.ts";
import { requireKind } from "./kinds/kinds.ts";
import {
  type CreateSchedule,
  type Disabled,
  defaultPolicy,
  type Job,
  type ListSchedules,
  type Preview,
  type Schedule,
  type Slots,
  type UpdateSchedule,
} from "./model.ts";
import {
  deleteSchedule,
  findSchedule,
  insertSchedule,
  isNameTaken,
  listSchedules,
  lockSchedule,
  type NewSchedule,
  resetConsecutiveFailures,
  type ScheduleRow,
  updateSchedule,
} from "./queries.ts";
import { insertSkippedSlots } from "./scan-queries.ts";
import type { Session } from "./session-model.ts";
import { endWaiting, findSession, insertManualSession, listUnderWay, requestCancel } from "./session-queries.ts";
import { listPastSlots } from "./slot-history.ts";
import { findNextInstant, findPreviousInstant, listNextInstants, parseTrigger } from "./trigger.ts";
import { moveWatermark } from "./watermark.ts";
import { toSchedule, toSession } from "./wire.ts";

export interface ScheduleNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly engine: Engine;
  /** Called after something was written that a worker should look at soon. */
  readonly onWork: () => void;
}

/** What comes with every change. */
export interface Change<Told> {
  readonly actor: Actor;
  /** Called last in the transaction of the change. */
  readonly settle: (tx: DatabaseTransaction, told: Told) => Promise<void>;
}

export type ScheduleService = ReturnType<typeof createScheduleService>;

/** The use cases of schedules; each owns its transactions. */
export function createScheduleService({ db, clock, engine, onWork }: ScheduleNeeds) {
  function find(id: string): Promise<ScheduleRow> {
    return requireSchedule(db, id);
  }

  function list(query: ListSchedules): Promise<Page<ScheduleRow>> {
    return listSchedules(db, query, parsePageStart(query));
  }

  /** @throws SCHEDULE_NAME_CONFLICT, CRON_PARSE_ERROR, VALIDATION_ERROR for a job or a storage that is not there */
  async function create(input: CreateSchedule, change: Change<Schedule>): Promise<Schedule> {
    const now = clock.now();
    const trigger = parseTrigger(input.trigger, now);
    await requireJob(input.job, input.kind);
    if (await isNameTaken(db, input.name, null)) throw scheduleNameConflict(input.name);
    const first = findNextInstant(trigger, now);
    const by = change.actor.subject;
    const schedule: NewSchedule = {
      ...input,
      id: createId(),
      owner: input.owner ?? by,
      trigger,
      storage_id: requireKind(input.kind).findStorageId(input.params),
      policy: { ...defaultPolicy, ...withoutUndefined(input.policy) },
      next_due_at: input.enable ? first : null,
      paused_from: input.enable ? null : first,
      disabled: input.enable ? null : toDisabled(null, by, now),
      modified: now,
      modified_by: by,
    };
    return inTransaction(db, async (tx) => {
      await insertNamed(tx, schedule);
      return finish(tx, schedule.id, null, "schedule.create", change);
    });
  }

  /** Partial: what is left out stays. @throws as create, and SCHEDULE_NOT_FOUND, PRECONDITION_FAILED */
  async function update(
    id: string,
    input: UpdateSchedule,
    condition: VersionCondition,
    change: Change<Schedule>,
  ): Promise<Schedule> {
    const seen = await requireSchedule(db, id);
    if (input.kind !== undefined && input.kind !== seen.kind)
      throw invalid("/kind", `cannot be changed: it is ${seen.kind}, and stays so`, "immutable");
    const now = clock.now();
    const { trigger, params } = parseChanges(seen, input, now);
    if (input.job !== undefined) await requireJob(input.job, seen.kind);
    return inTransaction(db, async (tx) => {
      const before = await requireLocked(tx, id, condition);
      const { policy, ...fields } = withoutUndefined(input);
      const merged = {
        ...before,
        ...fields,
        ...(trigger === null ? {} : { trigger }),
        ...(params === null ? {} : { params, storage_id: requireKind(before.kind).findStorageId(params) }),
        policy: { ...before.policy, ...withoutUndefined(policy ?? {}) },
      };
      await save(tx, before, merged, { now, actor: change.actor, note: null });
      return finish(tx, id, before, "schedule.update", change);
    });
  }

  /** Enabling begins with the next instant, and the failures in a row are forgotten. Enabling what is enabled changes nothing. */
  async function setEnabled(
    id: string,
    enable: boolean,
    note: string | null,
    change: Change<Schedule>,
  ): Promise<Schedule> {
    await requireSchedule(db, id);
    return inTransaction(db, async (tx) => {
      const before = await requireLocked(tx, id, null);
      if (before.enable === enable) return toSchedule(before);
      await save(tx, before, { ...before, enable }, { now: clock.now(), actor: change.actor, note });
      return finish(tx, id, before, enable ? "schedule.enable" : "schedule.disable", change);
    });
  }

  /** Its sessions stay, to be read. @throws SESSION_STATE_CONFLICT when some are under way and `cancel` is false */
  async function remove(id: string, cancel: boolean, condition: VersionCondition, change: Change<null>): Promise<void> {
    await requireSchedule(db, id);
    await inTransaction(db, async (tx) => {
      const before = await requireLocked(tx, id, condition);
      const now = clock.now();
      const by = change.actor.subject;
      const underWay = await listUnderWay(tx, id);
      const [first] = underWay;
      if (first !== undefined && !cancel) throw scheduleRuns(before.name, underWay.length, first.state);
      for (const session of underWay) await requestCancel(tx, session.id, { now, by });
      await endWaiting(tx, id, {
        state: "canceled",
        causes: ["slot", "manual", "backfill", "retry"],
        now,
        actor: by,
        reason: "schedule_deleted",
        message: "The schedule was deleted",
      });
      await deleteSchedule(tx, id);
      await audit(tx, change.actor, "schedule.delete", toSchedule(before), null);
    });
    onWork();
  }

  /** A session now, beside the slots: whatever the trigger says, whether or not another one runs, enabled or not. */
  async function trigger(id: string, change: Change<Session>): Promise<Session> {
    await requireSchedule(db, id);
    const told = await inTransaction(db, async (tx) => {
      const schedule = await requireLocked(tx, id, null);
      const now = clock.now();
      const sessionId = createId();
      await insertManualSession(tx, {
        id: sessionId,
        schedule,
        dataIntervalStart: findPreviousInstant(schedule.trigger, now) ?? now,
        now,
        createdBy: change.actor.subject,
      });
      const session = await findSession(tx, sessionId);
      if (session === undefined) throw new Error("A session that was just written is not there");
      const told = toSession(session);
      await recordAudit(tx, {
        actor: change.actor,
        action: "schedule.trigger",
        kind: "schedule",
        objectId: id,
        before: null,
        after: { session_id: sessionId },
      });
      await change.settle(tx, told);
      return told;
    });
    onWork();
    return told;
  }

  /** Instants after `from`, or after now. @throws CRON_PARSE_ERROR */
  function preview(input: Preview) {
    const now = clock.now();
    const trigger = parseTrigger(input.trigger, now);
    const from = input.from === undefined ? now : new Date(input.from);
    return { trigger, next: toNext(listNextInstants(trigger, from, input.count)) };
  }

  async function slots(id: string, count: number): Promise<Slots> {
    const schedule = await requireSchedule(db, id);
    const { next_due_at: first } = schedule;
    const next = first === null ? [] : [first, ...listNextInstants(schedule.trigger, first, count - 1)];
    return { next: toNext(next), past: await listPastSlots(db, schedule, count, clock.now()) };
  }

  async function requireJob(job: Job, kind: number): Promise<void> {
    const jobs = (await engine.jobs()).filter((offered) => offered.kinds.includes(kind));
    const isOffered = jobs.some(
      (offered) =>
        offered.name === job.name && offered.location === job.location && offered.repository === job.repository,
    );
    if (!isOffered)
      throw unknownJob(
        job.name,
        kind,
        jobs.map(({ name }) => name),
      );
  }

  return { find, list, create, update, setEnabled, remove, trigger, preview, slots };
}

/** @throws CRON_PARSE_ERROR, VALIDATION_ERROR */
function parseChanges(seen: ScheduleRow, input: UpdateSchedule, now: Date) {
  return {
    trigger: input.trigger === undefined ? null : parseTrigger(input.trigger, now),
    params: input.params === undefined ? null : parseParams(seen.kind, input.params),
  };
}

function parseParams(kind: number, given: Record<string, unknown>): Record<string, unknown> {
  const result = requireKind(kind).params.safeParse(given);
  if (result.success) return result.data;
  const issues = result.error.issues.flatMap(({ path, message, code, ...issue }) =>
    "keys" in issue
      ? issue.keys.map((key) => ({ path: ["", "params", ...path, key].join("/"), message: "is not known here", code }))
      : [{ path: ["", "params", ...path].join("/"), message, code }],
  );
  throw fail("VALIDATION_ERROR", `The request is not valid: ${issues[0]?.path} ${issues[0]?.message}`, { issues });
}

interface SaveContext {
  readonly now: Date;
  readonly actor: Actor;
  readonly note: string | null;
}

/** Writes a changed schedule, and what the change does to instants and to sessions that wait. */
async function save(
  tx: DatabaseTransaction,
  before: ScheduleRow,
  merged: NewSchedule,
  { now, actor, note }: SaveContext,
): Promise<void> {
  const { skipped, ...moved } = moveWatermark(before, merged, now);
  const isNowDisabled = before.enable && !merged.enable;
  await updateNamed(tx, {
    ...merged,
    ...moved,
    disabled: merged.enable ? null : isNowDisabled ? toDisabled(note, actor.subject, now) : before.disabled,
    modified: now,
    modified_by: actor.subject,
  });
  await insertSkippedSlots(
    tx,
    skipped.map((stretch) => ({ scheduleId: before.id, ...stretch })),
    now,
  );
  if (!before.enable && merged.enable) await resetConsecutiveFailures(tx, before.id, now);
  if (isNowDisabled) {
    // Who disables a schedule wants it to stop: what has not started does not. What a person asked for by hand stays.
    await endWaiting(tx, before.id, {
      state: "skipped",
      causes: ["slot"],
      now,
      actor: actor.subject,
      reason: "paused",
      message: "The schedule was disabled",
    });
  }
}

function toDisabled(note: string | null, by: string, now: Date): Disabled {
  return { reason: "manual", note, by, at: now.toISOString() };
}

function toNext(instants: readonly Date[]): { slot: string }[] {
  return instants.map((slot) => ({ slot: slot.toISOString() }));
}

async function requireSchedule(db: Database, id: string): Promise<ScheduleRow> {
  const row = isUuid(id) ? await findSchedule(db, id) : undefined;
  if (row === undefined) throw scheduleNotFound(id);
  return row;
}

async function requireLocked(tx: DatabaseTransaction, id: string, condition: VersionCondition): Promise<ScheduleRow> {
  const row = await lockSchedule(tx, id);
  if (row === undefined) throw scheduleNotFound(id);
  if (!meetsCondition(row.version, condition)) throw preconditionFailed(row.version);
  return row;
}

const insertNamed = withConflicts(insertSchedule);
const updateNamed = withConflicts(updateSchedule);

function withConflicts(write: (tx: DatabaseTransaction, schedule: NewSchedule) => Promise<void>) {
  return async (tx: DatabaseTransaction, schedule: NewSchedule): Promise<void> => {
    try {
      await write(tx, schedule);
    } catch (error) {
      if (isUniqueViolation(error, "ailbl_schedule_name_key")) throw scheduleNameConflict(schedule.name);
      if (isForeignKeyViolation(error, "ailbl_schedule_storage")) throw unknownStorage(schedule.storage_id ?? "");
      throw error;
    }
  };
}

/** Reads the object back as others will see it, tells the trail, and lets the request keep its answer. */
async function finish(
  tx: DatabaseTransaction,
  id: string,
  before: ScheduleRow | null,
  action: string,
  change: Change<Schedule>,
): Promise<Schedule> {
  const schedule = toSchedule(await requireLocked(tx, id, null));
  await audit(tx, change.actor, action, before === null ? null : toSchedule(before), schedule);
  await change.settle(tx, schedule);
  return schedule;
}

async function audit(
  tx: DatabaseTransaction,
  actor: Actor,
  action: string,
  before: Schedule | null,
  after: Schedule | null,
): Promise<void> {
  await recordAudit(tx, { actor, action, kind: "schedule", objectId: (before ?? after)?.id ?? "", before, after });
}

type Given<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** Fields that were left out, so that spreading does not overwrite with them. */
function withoutUndefined<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}
