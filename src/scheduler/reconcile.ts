import { sql } from "kysely";
import { inTransaction } from "../platform/database/transaction.ts";
import { noteLostLease } from "./lease.ts";
import { countEnd } from "./metrics.ts";
import type { PickNeeds } from "./pick.ts";
import { endSession, type Fence, moveSession } from "./transitions.ts";

/**
 * How long a run that may exist is looked for before the session is launched again. Longer than an engine may take to
 * answer a launch: its run can appear after we have given up waiting for it.
 */
const searchSeconds = 60;

interface UnknownSession {
  readonly id: string;
  readonly lease_token: number;
  readonly attempt: number;
  readonly launch_started: Date;
  readonly stop_reason: string | null;
}

/** Settles the sessions whose launch is in doubt: found, so it runs; not found for long enough, so it is launched again. */
export async function reconcile(needs: PickNeeds): Promise<void> {
  const { rows } = await sql<UnknownSession>`
    select id, lease_token, attempt, launch_started, stop_reason from ailbl_session
    where state = 'unknown' and lease_owner = ${needs.lease.owner} order by id limit 100`.execute(needs.db);
  for (const session of rows) await reconcileOne(needs, session);
}

async function reconcileOne(needs: PickNeeds, session: UnknownSession): Promise<void> {
  const fence: Fence = { id: session.id, leaseToken: session.lease_token };
  const runId = await needs.engine.findBySession(session.id, session.attempt);
  const step = { from: "unknown", at: needs.clock.now(), actor: "scheduler" } as const;
  const searchedSeconds = (step.at.getTime() - session.launch_started.getTime()) / 1000;
  if (runId !== null) {
    const changes = { run_id: runId, run_status: "launched" };
    const isOurs = await moveSession(needs.db, fence, { ...step, to: "running", cause: "run_found" }, changes);
    if (!isOurs) noteLostLease(needs, fence, "reconcile");
  } else if (searchedSeconds > searchSeconds) {
    await giveUpSearch(needs, session, fence, step);
  }
}

/** No run exists: the session may start anew, unless somebody wants it to end. */
async function giveUpSearch(
  needs: PickNeeds,
  session: UnknownSession,
  fence: Fence,
  step: { readonly from: "unknown"; readonly at: Date; readonly actor: string },
): Promise<void> {
  if (session.stop_reason === null) {
    const message = `No run was found within ${searchSeconds} s`;
    const changes = { launch_started: null };
    const isOurs = await moveSession(
      needs.db,
      fence,
      { ...step, to: "pending", cause: "run_not_found", message },
      changes,
    );
    if (!isOurs) noteLostLease(needs, fence, "reconcile");
    return;
  }
  const end = { state: "canceled", endedAt: step.at, error: null } as const;
  const isOurs = await inTransaction(needs.db, (tx) => endSession(tx, fence, { ...step, cause: "canceled" }, end));
  if (isOurs) countEnd(needs.metrics, "canceled");
  else noteLostLease(needs, fence, "reconcile");
}
