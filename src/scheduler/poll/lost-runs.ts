import { sql } from "kysely";
import type { PickNeeds } from "../context.ts";
import { noteLostLease } from "../renew/leases.ts";

/**
 * Ends the runs of this process whose session another one has taken over, as after a long stand-still of ours: nobody would
 * ever record their end, and the session may be running again elsewhere.
 */
export async function endLostRuns(needs: PickNeeds): Promise<void> {
  // Asked before the database is: what is launched later has its session in our name already.
  const held = needs.engine.held();
  if (held.length === 0) return;
  const ids = held.map(({ sessionId }) => sessionId);
  const { rows } = await sql<{ id: string; run_id: string | null }>`
    select id, run_id from ailbl_session
    where id = any(${ids}::uuid[]) and lease_owner = ${needs.lease.owner}`.execute(needs.db);
  const ours = new Map(rows.map(({ id, run_id }) => [id, run_id]));
  for (const run of held) {
    const runId = ours.get(run.sessionId);
    // Null while its launch is not confirmed yet; another one is that of a later attempt.
    if (runId === null || runId === run.runId) continue;
    if (!run.isOver) await needs.engine.cancel([run.runId]);
    else {
      needs.engine.forget(run.runId);
      noteLostLease(needs, { id: run.sessionId }, "run");
    }
  }
}
