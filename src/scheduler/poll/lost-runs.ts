import { sql } from "kysely";
import type { EngineContext } from "../context.ts";
import { reportLostLease } from "../renew/leases.ts";

/**
 * Ends the runs of this process whose session another process has taken over, for example after a long stand-still: their ends
 * would never be recorded, and the session may be running again elsewhere.
 */
export async function endLostRuns(context: EngineContext): Promise<void> {
  const { db, engine, lease } = context;
  // Read before the database: a run that is launched after this already has its session in this process's name.
  const held = engine.held();
  if (held.length === 0) return;
  const ids = held.map(({ sessionId }) => sessionId);
  const { rows } = await sql<{ id: string; run_id: string | null }>`
    select id, run_id from ailbl_session
    where id = any(${ids}::uuid[]) and lease_owner = ${lease.owner}`.execute(db);
  const runIds = new Map(rows.map(({ id, run_id }) => [id, run_id]));
  for (const run of held) {
    const runId = runIds.get(run.sessionId);
    // Null until the launch is confirmed; a different id belongs to a later attempt.
    if (runId === null || runId === run.runId) continue;
    if (!run.isOver) await engine.cancel([run.runId]);
    else {
      engine.forget(run.runId);
      reportLostLease(context, { id: run.sessionId }, "run");
    }
  }
}
