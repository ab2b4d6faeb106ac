import type { Engines } from "../engines/registry.ts";
import type { StoragesForRuns } from "../engines/run-storage.ts";
import { requireKind } from "../kinds/kinds.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { fail, invalid } from "../platform/failure.ts";
import { createId } from "../platform/id.ts";
import type { Logger } from "../platform/log.ts";
import type { Change } from "../platform/resource/change.ts";
import type { VersionCondition } from "../platform/resource/entity-tag.ts";
import { type Page, parsePageStart } from "../platform/resource/paging.ts";
import { endWaiting, listUnderWay, requestStops } from "../sessions/queries.ts";
import { withGapInstants } from "../timing/gap-instants.ts";
import { findNextInstant } from "../timing/instants.ts";
import { parseTiming } from "../timing/parse-timing.ts";
import { scheduleNameConflict, scheduleRuns } from "./errors.ts";
import type { ListSchedules } from "./filters.ts";
import { checkJob } from "./job-check.ts";
import { listSchedules } from "./list.ts";
import { requireLocked, requireSchedule } from "./lookup.ts";
import type { CreateSchedule, Schedule, UpdateSchedule } from "./model.ts";
import { defaultPolicy } from "./policy.ts";
import { isNameTaken, type ScheduleRow } from "./queries.ts";
import { toSchedule } from "./representation.ts";
import { auditSchedule, finishChange, insertNamed, saveSchedule, toDisabled } from "./save.ts";
import { deleteSchedule, type SavedSchedule } from "./write-queries.ts";

export interface ScheduleNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly engines: Engines;
  readonly storages: StoragesForRuns;
  /** Called after something was written that a worker should look at soon. */
  readonly onWork: () => void;
}

export type ScheduleService = ReturnType<typeof createScheduleService>;

/** The use cases of schedules; each owns its transactions. */
export function createScheduleService(needs: ScheduleNeeds) {
  const { db, clock, onWork } = needs;

  function find(id: string): Promise<ScheduleRow> {
    return requireSchedule(db, id);
  }

  function list(query: ListSchedules): Promise<Page<ScheduleRow>> {
    return listSchedules(db, query, parsePageStart(query));
  }

  /** @throws SCHEDULE_NAME_CONFLICT, CRON_PARSE_ERROR, VALIDATION_ERROR for a job or a storage that is not there */
  async function create(input: CreateSchedule, change: Change<Schedule>): Promise<Schedule> {
    const now = clock.now();
    const policy = { ...defaultPolicy, ...withoutUndefined(input.policy) };
    const timing = { ...parseTiming({ ...input, policy }, now), policy };
    const engine = input.engine ?? needs.engines.defaultName;
    await checkJob(needs, { ...input, engine });
    if (await isNameTaken(db, input.name, null)) throw scheduleNameConflict(input.name);
    const first = findNextInstant(withGapInstants(timing), now);
    const by = change.actor.subject;
    const schedule: SavedSchedule = {
      ...input,
      id: createId(),
      owner: input.owner ?? by,
      engine,
      ...timing,
      storage_id: requireKind(input.kind).findStorageId(input.params),
      next_due_at: input.enable ? first : null,
      paused_from: input.enable ? null : first,
      disabled: input.enable ? null : toDisabled(null, by, now),
      modified: now,
      modified_by: by,
    };
    return inTransaction(db, async (tx) => {
      await insertNamed(tx, schedule);
      return finishChange(tx, schedule.id, null, "schedule.create", change);
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
    await checkChangedJob(seen, input);
    return inTransaction(db, async (tx) => {
      const before = await requireLocked(tx, id, condition);
      // Under the lock: what a scan or another edit has done meanwhile is seen, and what is opened from here on is new.
      const now = clock.now();
      const { timing, params } = parseChanges(before, input, now);
      const { policy, ...fields } = withoutUndefined(input);
      const merged = {
        ...before,
        ...fields,
        ...timing,
        ...(params === null ? {} : { params, storage_id: requireKind(before.kind).findStorageId(params) }),
        policy: { ...before.policy, ...withoutUndefined(policy ?? {}) },
      };
      await saveSchedule(tx, before, merged, { now, actor: change.actor, note: null });
      return finishChange(tx, id, before, "schedule.update", change);
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
      await saveSchedule(tx, before, { ...before, enable }, { now: clock.now(), actor: change.actor, note });
      return finishChange(tx, id, before, enable ? "schedule.enable" : "schedule.disable", change);
    });
  }

  /** Its sessions stay, to be read. @throws SESSION_STATE_CONFLICT when some are under way and `cancel` is false */
  async function remove(
    id: string,
    cancel: boolean,
    condition: VersionCondition,
    change: Pick<Change<null>, "actor">,
  ): Promise<void> {
    await requireSchedule(db, id);
    await inTransaction(db, async (tx) => {
      const before = await requireLocked(tx, id, condition);
      const now = clock.now();
      const by = change.actor.subject;
      const underWay = await listUnderWay(tx, { scheduleId: id });
      const [first] = underWay;
      if (first !== undefined && !cancel) throw scheduleRuns(before.name, underWay.length, first.state);
      await requestStops(
        tx,
        underWay.map((session) => session.id),
        { now, by, reason: "cancel" },
      );
      await endWaiting(
        tx,
        { scheduleId: id },
        { state: "canceled", now, actor: by, reason: "schedule_deleted", message: "The schedule was deleted" },
      );
      await deleteSchedule(tx, id);
      await auditSchedule(tx, change.actor, "schedule.delete", toSchedule(before), null);
    });
    onWork();
  }

  /** A change of something else is no occasion to judge a job that was taken before. */
  async function checkChangedJob(seen: ScheduleRow, input: UpdateSchedule): Promise<void> {
    if ([input.engine, input.job, input.params].every((given) => given === undefined)) return;
    const params = input.params === undefined ? seen.params : parseParams(seen.kind, input.params);
    const { name, kind, engine, job } = { ...seen, ...withoutUndefined(input) };
    await checkJob(needs, { name, kind, engine, job, params });
  }

  return { find, list, create, update, setEnabled, remove };
}

/** @throws CRON_PARSE_ERROR, VALIDATION_ERROR */
function parseChanges(seen: ScheduleRow, input: UpdateSchedule, now: Date) {
  const policy = { ...seen.policy, ...withoutUndefined(input.policy ?? {}) };
  return {
    timing: isRetimed(input)
      ? parseTiming({ ...toTiming(seen), ...withoutUndefined(toTiming(input)), policy }, now)
      : {},
    params: input.params === undefined ? null : parseParams(seen.kind, input.params),
  };
}

function isRetimed({ trigger, active, policy }: UpdateSchedule): boolean {
  return [trigger, active, policy?.dst_gap, policy?.dst_overlap].some((given) => given !== undefined);
}

function toTiming<T extends { trigger?: unknown; active?: unknown }>({
  trigger,
  active,
}: T): Pick<T, "trigger" | "active"> {
  return { trigger, active };
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

type Given<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** Fields that were left out, so that spreading does not overwrite with them. */
function withoutUndefined<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}
