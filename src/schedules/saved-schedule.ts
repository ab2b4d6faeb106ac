import { requireKind } from "../kinds/kinds.ts";
import { invalidRequest } from "../platform/failure.ts";
import { createId } from "../platform/id.ts";
import { withoutUndefined } from "../platform/resource/partial.ts";
import { withGapInstants } from "../timing/gap-instants.ts";
import { findNextInstant } from "../timing/instants.ts";
import type { Timing } from "../timing/model.ts";
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
 * A schedule with the fields of an update request; omitted fields keep their values. The watermark is not moved yet.
 *
 * @throws CRON_PARSE_ERROR, VALIDATION_ERROR when the new trigger or window never fires, or `params` do not fit the kind
 */
export function mergeUpdate(before: ScheduleRow, input: UpdateSchedule, now: Date): SavedSchedule {
  const { policy: policyChange = {}, params, ...fields } = withoutUndefined(input);
  const policy = mergePolicy(before.policy, policyChange);
  return {
    ...before,
    ...fields,
    ...(isRetimed(input) ? parseTiming(toTiming(before, input, policy), now) : {}),
    ...(params === undefined ? {} : toParamColumns(before.kind, params)),
    policy,
  };
}

/** Whether an update asks for other instants. An unchanged timing is not parsed again: its last instant may have passed. */
function isRetimed({ trigger, active, policy }: UpdateSchedule): boolean {
  return [trigger, active, policy?.dst_gap, policy?.dst_overlap].some((given) => given !== undefined);
}

function toTiming(before: Timing, { trigger, active }: UpdateSchedule, policy: Timing["policy"]): Timing {
  return { trigger: trigger ?? before.trigger, active: active === undefined ? before.active : active, policy };
}

/** @throws VALIDATION_ERROR */
function toParamColumns(kind: number, given: Record<string, unknown>): Pick<SavedSchedule, "params" | "storage_id"> {
  const params = parseParams(kind, given);
  return { params, storage_id: requireKind(kind).findStorageId(params) };
}

/**
 * The `params` of an update, as the kind accepts them. Those of a create are parsed with the request: its kind is known.
 *
 * @throws VALIDATION_ERROR with every issue at its path, for example `/params/storage_id`
 */
export function parseParams(kind: number, given: Record<string, unknown>): Record<string, unknown> {
  const result = requireKind(kind).params.safeParse(given);
  if (result.success) return result.data;
  const issues = result.error.issues.flatMap(({ path, message, code, ...issue }) =>
    "keys" in issue
      ? issue.keys.map((key) => ({ path: ["", "params", ...path, key].join("/"), message: "is not known here", code }))
      : [{ path: ["", "params", ...path].join("/"), message, code }],
  );
  throw invalidRequest(issues);
}

/** Disabled by a person. */
export function toDisabled(note: string | null, by: string, now: Date): Disabled {
  return { reason: "manual", note, by, at: now.toISOString() };
}
