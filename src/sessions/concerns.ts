import { sql } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import { type Concerns, maxConcerns, maxCounted, toConcerns } from "../platform/resource/concerns.ts";
import type { SessionState } from "./states.ts";
import { waitingPhaseList } from "./word-lists.ts";

interface StuckRow {
  readonly id: string;
  readonly name: string;
  readonly since: Date | null;
  readonly state: SessionState;
  readonly total: number;
}

/** Lists sessions that have waited for a worker or an engine for more than 15 minutes. */
export async function findStuckSessions({ db, clock }: { db: Database; clock: Clock }): Promise<Concerns> {
  const before = new Date(clock.now().getTime() - patienceSeconds * 1000);
  const open = sql`ailbl_open_session as o join ailbl_session as s on s.id = o.session_id`;
  const { rows } = await sql<StuckRow>`
    with stuck as materialized (
      (select s.id, s.schedule_name as name, s.run_after as since, s.state from ${open}
        where o.phase in (${waitingPhaseList}) and not o.queued and o.run_after < ${before} limit ${maxCounted})
      union all
      (select s.id, s.schedule_name, s.picked, s.state from ${open}
        where o.phase = 'active' and s.state in ('claimed', 'unknown') and s.picked < ${before} limit ${maxCounted})
      union all
      (select s.id, s.schedule_name, s.stop_requested, s.state from ${open}
        where o.phase = 'active' and s.state = 'running' and s.stop_requested < ${before} limit ${maxCounted}))
    select stuck.*, least((select count(*) from stuck), ${maxCounted}) as total
    from stuck order by since, id limit ${maxConcerns}`.execute(db);
  return toConcerns(rows, ({ id, name, state, since }) => {
    const why = stuckSentences[state] ?? `It is ${state}`;
    return { id, name, why, since };
  });
}

const stuckSentences: Readonly<Partial<Record<SessionState, string>>> = {
  pending: "It is due, and no worker has claimed it: check that a worker runs, and that the engine has room",
  retry_wait:
    "Its next attempt is due, and no worker has claimed it: check that a worker runs, and that the engine has room",
  claimed: "A worker has claimed it and has not launched it: check that the worker and the engine work",
  unknown: "The engine gave no clear answer to the launch, and the search has not found the run: check the engine",
  running: "It was asked to end, and its run goes on: end the run in the engine",
};

/** After this time a session that waits for a worker or an answer is unlikely to go on by itself. */
const patienceSeconds = 15 * 60;
