import { sql } from "kysely";
import { toJsonb } from "../platform/database/sql.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import type { S3Location } from "../storage/s3/location.ts";
import type { LaunchOutcome, LaunchRequest, RunError } from "./engines/engine.ts";
import type { RunStorage } from "./kinds/kind.ts";
import { requireKind } from "./kinds/kinds.ts";
import { noteLostLease } from "./lease.ts";
import { countEnd } from "./metrics.ts";
import type { Claim, PickNeeds } from "./pick.ts";
import type { StopReason } from "./tables.ts";
import { endSession, type Fence, moveSession } from "./transitions.ts";

/** What the scheduler asks of the storage room; compose.ts brings the two together. */
export interface StoragesForRuns {
  findStorageForRun(storageId: string): Promise<
    | {
        readonly outcome: "ready";
        readonly location: S3Location;
        readonly credentialRef: string;
        readonly name: string;
      }
    | { readonly outcome: "disabled" }
    | { readonly outcome: "missing" }
  >;
}

export interface LaunchNeeds extends PickNeeds {
  readonly storages: StoragesForRuns;
}

/** What became of a claimed session. */
export type Launched = "launched" | "failed" | "canceled" | "unknown" | "lost";

/**
 * Brings a claimed session to its engine. Three steps, and after each the process may die: what is not marked as begun is
 * picked again; what is marked and not confirmed is in doubt (see sweep.ts). The engine is never called in a transaction.
 */
export async function launch(needs: LaunchNeeds, claim: Claim): Promise<Launched> {
  const fence: Fence = { id: claim.session.id, leaseToken: claim.session.lease_token };
  const prepared = await prepare(needs, claim);
  if (prepared.outcome === "refused") return fail(needs, fence, prepared.error);
  const begun = await beginLaunch(needs, fence, prepared.request);
  if (begun === "lost") return noteLostLease(needs, fence, "launch");
  if (begun !== "begun") return cancel(needs, fence);
  const outcome = await needs.engine.launch(prepared.request);
  return confirm(needs, fence, outcome);
}

type Prepared =
  | { readonly outcome: "ready"; readonly request: LaunchRequest }
  | { readonly outcome: "refused"; readonly error: RunError };

async function prepare({ storages }: LaunchNeeds, { session, schedule }: Claim): Promise<Prepared> {
  const kind = requireKind(session.kind);
  const params = kind.params.parse(schedule.params);
  const storageId = kind.findStorageId(params);
  const found = storageId === null ? null : await findStorage(storages, storageId);
  if (found !== null && "code" in found) return { outcome: "refused", error: found };
  const context = {
    sessionId: session.id,
    scheduleId: session.schedule_id,
    scheduleName: session.schedule_name,
    attempt: session.attempt,
    slot: session.slot,
    dataIntervalStart: session.data_interval_start,
    storage: found,
  };
  const request = {
    ...context,
    kind: session.kind,
    job: schedule.job,
    runConfig: kind.toRunConfig(params, context),
    tags: kind.toTags(params),
  };
  return { outcome: "ready", request };
}

async function findStorage(storages: StoragesForRuns, id: string): Promise<RunStorage | RunError> {
  const found = await storages.findStorageForRun(id);
  switch (found.outcome) {
    case "ready":
      return { id, name: found.name, location: found.location, credentialRef: found.credentialRef };
    case "disabled":
      return { code: "STORAGE_DISABLED", message: `The storage ${id} is disabled: nothing was launched`, step: null };
    case "missing":
      return { code: "STORAGE_MISSING", message: `The storage ${id} does not exist: nothing was launched`, step: null };
    default:
      return found satisfies never;
  }
}

/** Marks that from here on a run may exist, and keeps what it is launched with; unless somebody wants the session to end. */
async function beginLaunch(
  { db, clock }: LaunchNeeds,
  { id, leaseToken }: Fence,
  { job, runConfig }: LaunchRequest,
): Promise<"begun" | "lost" | StopReason> {
  const { rows } = await sql<{ stop_reason: StopReason | null }>`
    with begun as (
      update ailbl_session
      set launch_started = case when stop_reason is null then ${clock.now()}::timestamptz end
      where id = ${id} and state = 'claimed' and lease_token = ${leaseToken}
      returning id, stop_reason
    ), kept as (
      insert into ailbl_session_detail (session_id, job, run_config)
      select id, ${toJsonb(job)}, ${toJsonb(runConfig)} from begun
      on conflict (session_id) do update set job = excluded.job, run_config = excluded.run_config
    )
    select stop_reason from begun`.execute(db);
  const [row] = rows;
  return row === undefined ? "lost" : (row.stop_reason ?? "begun");
}

async function confirm(needs: LaunchNeeds, fence: Fence, outcome: LaunchOutcome): Promise<Launched> {
  switch (outcome.outcome) {
    case "launched":
      return confirmRun(needs, fence, outcome.runId);
    case "refused":
      return fail(needs, fence, outcome.error);
    case "unclear": {
      const step = toStep(needs, "unknown", "launch_unclear", outcome.message);
      return (await moveSession(needs.db, fence, step)) ? "unknown" : noteLostLease(needs, fence, "launch");
    }
    default:
      return outcome satisfies never;
  }
}

async function confirmRun(needs: LaunchNeeds, fence: Fence, runId: string): Promise<Launched> {
  const changes = { run_id: runId, run_status: "launched" };
  if (await moveSession(needs.db, fence, toStep(needs, "running", "launched"), changes)) return "launched";
  // A durable run is found by whoever has the session now. Of one that lives here, nobody else would ever know.
  if (!needs.engine.durable) {
    await needs.engine.cancel(runId);
    needs.engine.forget(runId);
  }
  return noteLostLease(needs, fence, "launch");
}

async function fail(needs: LaunchNeeds, fence: Fence, error: RunError): Promise<Launched> {
  return (await end(needs, fence, "failed", error)) ? "failed" : noteLostLease(needs, fence, "launch");
}

async function cancel(needs: LaunchNeeds, fence: Fence): Promise<Launched> {
  const error = { code: "SESSION_CANCELED", message: "The session was canceled before it was launched", step: null };
  return (await end(needs, fence, "canceled", error)) ? "canceled" : noteLostLease(needs, fence, "launch");
}

async function end(needs: LaunchNeeds, fence: Fence, state: "failed" | "canceled", error: RunError): Promise<boolean> {
  const step = toStep(needs, state, error.code.toLowerCase(), error.message);
  const isOurs = await inTransaction(needs.db, (tx) => endSession(tx, fence, step, { state, endedAt: step.at, error }));
  if (isOurs) countEnd(needs.metrics, state);
  return isOurs;
}

function toStep<To extends string>(
  { clock }: { clock: LaunchNeeds["clock"] },
  to: To,
  cause: string,
  message: string | null = null,
) {
  return { from: "claimed", to, at: clock.now(), actor: "scheduler", cause, message } as const;
}

/** All claims at once; what one of them throws is logged and leaves the others alone. */
export async function launchAll(needs: LaunchNeeds, claims: readonly Claim[]): Promise<Launched[]> {
  const outcomes = await Promise.allSettled(claims.map((claim) => launch(needs, claim)));
  return outcomes.flatMap((outcome, index) => {
    if (outcome.status === "fulfilled") return [outcome.value];
    needs.log.error({ session_id: claims[index]?.session.id, err: outcome.reason }, "session could not be launched");
    return [];
  });
}
