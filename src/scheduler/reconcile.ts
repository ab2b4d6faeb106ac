import { sql } from "kysely";
import { noteLostLease } from "./lease.ts";
import { countEnds } from "./metrics.ts";
import type { PickNeeds } from "./pick.ts";
import { replacedError } from "./replace.ts";
import { endSessions } from "./session-end.ts";
import type { StopReason } from "./tables.ts";
import { type Fence, type Move, moveSessions } from "./transitions.ts";

/**
 * How long a run that may exist is looked for before the session is launched again. Longer than an engine may take to
 * answer a launch: its run can appear after we have given up waiting for it.
 */
const searchSeconds = 60;

interface UnknownSession {
  readonly id: string;
  readonly lease_token: number;
  readonly attempt: number;
  /** When its run was first looked for, by whoever has it now. */
  readonly searched_from: Date;
  readonly stop_reason: StopReason | null;
}

/** Looked for at once: an engine that answers slowly must not hold up the polls of all that run. */
const batchSize = 10;

/** Settles the sessions whose launch is in doubt: found, so it runs; not found for long enough, so it is launched again. */
export async function reconcile(needs: PickNeeds, signal: AbortSignal): Promise<void> {
  const { rows } = await sql<UnknownSession>`
    update ailbl_session as s set polled = coalesce(s.polled, ${needs.clock.now()}::timestamptz)
    where s.id in (
      select id from ailbl_session
      where phase = 'active' and state = 'unknown' and lease_owner = ${needs.lease.owner} order by id limit 100)
    returning s.id, s.lease_token, s.attempt, s.polled as searched_from, s.stop_reason`.execute(needs.db);
  for (let start = 0; start < rows.length && !signal.aborted; start += batchSize) {
    await Promise.all(rows.slice(start, start + batchSize).map((session) => tryReconcile(needs, session)));
  }
}

/** One that cannot be looked up must not keep the others from being polled. */
async function tryReconcile(needs: PickNeeds, session: UnknownSession): Promise<void> {
  try {
    await reconcileOne(needs, session);
  } catch (error) {
    needs.log.warn({ session_id: session.id, err: error }, "the run of a session could not be looked for");
  }
}

async function reconcileOne(needs: PickNeeds, session: UnknownSession): Promise<void> {
  const fence: Fence = { id: session.id, leaseToken: session.lease_token };
  const runId = await needs.engine.findBySession(session.id, session.attempt);
  const searchedSeconds = (needs.clock.now().getTime() - session.searched_from.getTime()) / 1000;
  if (runId !== null) {
    await move(needs, { ...fence, from: "unknown", to: "running", cause: "run_found", runId, runStatus: "launched" });
  } else if (searchedSeconds > searchSeconds) {
    await giveUpSearch(needs, session, fence);
  }
}

/** No run exists: the session may start anew, unless somebody wants it to end. */
async function giveUpSearch(needs: PickNeeds, { stop_reason }: UnknownSession, fence: Fence): Promise<void> {
  if (stop_reason === null) {
    const message = `No run was found within ${searchSeconds} s`;
    return move(needs, { ...fence, from: "unknown", to: "pending", cause: "run_not_found", message });
  }
  const endedAt = needs.clock.now();
  const error = stop_reason === "replaced" ? replacedError : null;
  const { ended } = await endSessions(
    needs.db,
    [{ ...fence, from: "unknown", state: "canceled", cause: "canceled", endedAt, error }],
    { at: endedAt, actor: "scheduler" },
  );
  countEnds(needs.metrics, ended);
  if (ended.length === 0) noteLostLease(needs, fence, "reconcile");
}

async function move(needs: PickNeeds, step: Move): Promise<void> {
  const moved = await moveSessions(needs.db, [step], { at: needs.clock.now(), actor: "scheduler" });
  if (moved.length === 0) noteLostLease(needs, step, "reconcile");
}
