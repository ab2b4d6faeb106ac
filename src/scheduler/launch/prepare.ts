import type { LaunchRequest, RunError } from "../../engines/engine.ts";
import { type StorageForRun, toRunStorage } from "../../engines/run-storage.ts";
import type { RunStorage } from "../../kinds/kind.ts";
import { requireKind } from "../../kinds/kinds.ts";
import type { Fence } from "../../sessions/moves.ts";
import type { EngineContext } from "../context.ts";
import type { Claim } from "../pick/pick.ts";

/** A claimed session with the request for its engine. */
export interface Launch {
  readonly fence: Fence;
  readonly request: LaunchRequest;
  readonly created: Date;
  /** See {@link ClaimedSession}. */
  readonly notReadySince: Date | null;
  readonly isDoubtful: boolean;
}

/** A claimed session that cannot be launched, and why. */
export interface Refusal {
  readonly fence: Fence;
  readonly error: RunError;
}

/** Builds the engine's request for each claim, with one query for all storages. */
export async function prepareLaunches(
  context: EngineContext,
  claims: readonly Claim[],
): Promise<{ readonly launches: Launch[]; readonly refusals: Refusal[] }> {
  const plans = claims.map((claim) => planLaunch(context, claim));
  const storageIds = new Set(plans.flatMap(({ params }) => params?.storageId ?? []));
  const storages = storageIds.size === 0 ? new Map() : await context.storages.findStoragesForRuns([...storageIds]);
  const prepared = plans.map((plan) => toLaunch(plan, storages));
  return {
    launches: prepared.filter((item) => "request" in item),
    refusals: prepared.filter((item) => "error" in item),
  };
}

interface LaunchPlan {
  readonly claim: Claim;
  /** Null if this version of EOM cannot read them. */
  readonly params: Params | null;
}

type Params = ReturnType<typeof parseParams>;

/** A schedule that another version of EOM wrote must not keep the rest of its batch from starting. */
function planLaunch({ log }: EngineContext, claim: Claim): LaunchPlan {
  try {
    return { claim, params: parseParams(claim) };
  } catch (error) {
    log.error({ session_id: claim.session.id, err: error }, "the parameters of a schedule cannot be read");
    return { claim, params: null };
  }
}

function parseParams({ session, schedule }: Claim) {
  const kind = requireKind(session.kind);
  const values = kind.params.parse(schedule.params);
  return { kind, values, storageId: kind.findStorageId(values) };
}

const unreadableError: RunError = {
  code: "PARAMS_UNREADABLE",
  message: "This version of EOM cannot read the schedule's kind or params: nothing was launched",
  step: null,
};

function toLaunch({ claim, params }: LaunchPlan, storages: ReadonlyMap<string, StorageForRun>): Launch | Refusal {
  const {
    id,
    lease_token: leaseToken,
    created,
    not_ready_since: notReadySince,
    is_doubtful: isDoubtful,
  } = claim.session;
  const fence = { id, leaseToken };
  if (params === null) return { fence, error: unreadableError };
  const { storageId } = params;
  const storage = storageId === null ? null : toRunStorage(storageId, storages.get(storageId));
  if (storage !== null && "code" in storage) return { fence, error: storage };
  return { fence, request: toRequest(claim, params, storage), created, notReadySince, isDoubtful };
}

function toRequest({ session, schedule }: Claim, { kind, values }: Params, storage: RunStorage | null): LaunchRequest {
  const run = {
    sessionId: session.id,
    scheduleId: session.schedule_id,
    scheduleName: session.schedule_name,
    attempt: session.attempt,
    slot: session.slot,
    dataIntervalStart: session.data_interval_start,
    storage,
  };
  return {
    ...run,
    kind: session.kind,
    job: schedule.job,
    runConfig: kind.toRunConfig(values, run),
    runConfigOf: kind.runConfigOf,
    tags: kind.toTags(values),
  };
}
