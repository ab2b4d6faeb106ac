import { requireKind } from "../kinds/kinds.ts";
import { parseMerged } from "../platform/http/parse-merged.ts";
import { createId } from "../platform/id.ts";
import { mergeTyped, withoutUndefined } from "../platform/resource/partial.ts";
import { withGapInstants } from "../timing/gap-instants.ts";
import { findNextInstant } from "../timing/instants.ts";
import { type Active, activeSchema, type Timing, triggerSchema } from "../timing/model.ts";
import { parseTiming } from "../timing/parse-timing.ts";
import type { CreateSchedule, Disabled, UpdateSchedule } from "./model.ts";
import { defaultPolicy, mergePolicy } from "./policy.ts";
import type { ScheduleRow } from "./queries.ts";
import type { SavedSchedule } from "./write-queries.ts";

interface CreateContext {
  /** The engine of a request that names none. */
  readonly defaultEngine: string;
  readonly by: string;
  readonly now: Date;
}

/**
 * The schedule that a create request asks for, with every default filled in.
 *
 * @throws CRON_PARSE_ERROR, VALIDATION_ERROR when its trigger or window never fires
 */
export function toSavedSchedule(input: CreateSchedule, { defaultEngine, by, now }: CreateContext): SavedSchedule {
  const policy = mergePolicy(defaultPolicy, input.policy);
  const timing = { ...parseTiming({ ...input, policy }, now), policy };
  const first = findNextInstant(withGapInstants(timing), now);
  return {
    ...input,
    ...timing,
    id: createId(),
    owner: input.owner ?? by,
    engine: input.engine ?? defaultEngine,
    storage_id: requireKind(input.kind).findStorageId(input.params),
    next_due_at: input.enable ? first : null,
    paused_from: input.enable ? null : first,
    disabled: input.enable ? null : toDisabled(null, by, now),
    modified: now,
    modified_by: by,
  };
}

/**
 * A schedule with the fields of an update request; omitted fields keep their values, at every depth. The watermark is not
 * moved yet.
 *
 * @throws CRON_PARSE_ERROR, VALIDATION_ERROR when the new trigger or window never fires, or a merged part is not valid
 */
export function mergeUpdate(before: ScheduleRow, input: UpdateSchedule, now: Date): SavedSchedule {
  const { policy: policyChange = {}, trigger, active, job, params, ...fields } = withoutUndefined(input);
  const policy = mergePolicy(before.policy, policyChange);
  return {
    ...before,
    ...fields,
    ...mergeJob(before, { job, params }),
    ...(isRetimed(input) ? parseTiming({ ...mergeTiming(before, { trigger, active }), policy }, now) : {}),
    policy,
  };
}

/** Whether an update asks for other instants. An unchanged timing is not parsed again: its last instant may have passed. */
function isRetimed({ trigger, active, policy }: UpdateSchedule): boolean {
  return [trigger, active, policy?.dst_gap, policy?.dst_overlap].some((given) => given !== undefined);
}

/** @throws VALIDATION_ERROR */
function mergeTiming(
  before: Timing,
  { trigger, active }: Pick<UpdateSchedule, "trigger" | "active">,
): Omit<Timing, "policy"> {
  return {
    trigger:
      trigger === undefined
        ? before.trigger
        : parseMerged(triggerSchema, "trigger", mergeTyped(before.trigger, trigger)),
    active: active === undefined ? before.active : mergeActive(before.active, active),
  };
}

/** @throws VALIDATION_ERROR */
function mergeActive(before: Active | null, change: UpdateSchedule["active"] & (object | null)): Active | null {
  if (change === null) return null;
  return parseMerged(activeSchema, "active", { ...before, ...withoutUndefined(change) });
}

/**
 * The job of a schedule after an update, with its `params` as the kind accepts them.
 *
 * @throws VALIDATION_ERROR with every issue at its path, for example `/params/storage_id`
 */
export function mergeJob(
  before: ScheduleRow,
  { job = {}, params }: Pick<UpdateSchedule, "job" | "params">,
): Pick<SavedSchedule, "job" | "params" | "storage_id"> {
  const kind = requireKind(before.kind);
  const mergedJob = { ...before.job, ...withoutUndefined(job) };
  if (params === undefined) return { job: mergedJob, params: before.params, storage_id: before.storage_id };
  const merged = parseMerged(kind.params, "params", { ...before.params, ...params });
  return { job: mergedJob, params: merged, storage_id: kind.findStorageId(merged) };
}

/** Disabled by a person. */
export function toDisabled(note: string | null, by: string, now: Date): Disabled {
  return { reason: "manual", note, by, at: now.toISOString() };
}
