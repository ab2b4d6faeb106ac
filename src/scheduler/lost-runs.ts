import { sql } from "kysely";
import { noteLostLease } from "./lease.ts";
import type { PickNeeds } from "./pick.ts";

/**
 * Ends the runs of this process whose session another one has taken over, as after a long stand-still of ours: nobody would
 * ever record their end, and the session may be running again elsewhere.
 */
export async function endLostRuns(needs: PickNeeds): Promise<void> {
  // Asked before the database is: what is launched later has its session in our name already.
  const held = needs.engine.held();
  if (held.length === 0) return;
  const ids = held.map(({ sessionId }) => sessionId);
  const { rows } = await sql<{ id: string }>`
    select id from ailbl_session
    where id = any(${ids}::uuid[]) and lease_owner = ${needs.lease.owner}`.execute(needs.db);
  const ours = new Set(rows.map(({ id }) => id));
  for (const run of held) {
    if (ours.has(run.sessionId)) continue;
    if (!run.isOver) await needs.engine.cancel(run.runId);
    else {
      needs.engine.forget(run.runId);
      noteLostLease(needs, { id: run.sessionId }, "run");
    }
  }
}
