import { sql } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import { type Concerns, maxConcerns, maxCounted, toConcerns } from "../platform/resource/concerns.ts";
import type { SessionState } from "./states.ts";

interface StuckRow {
  readonly id: string;
  readonly name: string;
  readonly since: Date | null;
  readonly state: SessionState;
  readonly total: number;
}

/** Sessions that should have gone on long ago. */
export async function findStuckSessions({ db, clock }: { db: Database; clock: Clock }): Promise<Concerns> {
  const before = new Date(clock.now().getTime() - patienceSeconds * 1000);
  const open = sql`ailbl_open_session as o join ailbl_session as s on s.id = o.session_id`;
  const { rows } = await sql<StuckRow>`
    with found as materialized (
      (select s.id, s.schedule_name as name, s.run_after as since, s.state from ${open}
        where o.phase in ('waiting', 'retrying') and not o.queued and o.run_after < ${before} limit ${maxCounted})
      union all
      (select s.id, s.schedule_name, s.picked, s.state from ${open}
        where o.phase = 'active' and s.state in ('claimed', 'unknown') and s.picked < ${before} limit ${maxCounted})
      union all
      (select s.id, s.schedule_name, s.stop_requested, s.state from ${open}
        where o.phase = 'active' and s.state = 'running' and s.stop_requested < ${before} limit ${maxCounted}))
    select found.*, least((select count(*) from found), ${maxCounted}) as total
    from found order by since, id limit ${maxConcerns}`.execute(db);
  return toConcerns(rows, ({ id, name, state, since }) => {
    const why = stuckSentences[state] ?? `It is ${state}`;
    return { id, name, why, since };
  });
}

const stuckSentences: Readonly<Partial<Record<SessionState, string>>> = {
  pending: "It is due and no worker has taken it: look whether one runs, and whether the engine is full",
  retry_wait:
    "Its next attempt is due and no worker has taken it: look whether one runs, and whether the engine is full",
  claimed: "A worker has claimed it and has not launched it",
  unknown: "The engine gave no clear answer to its launch, and its run has not been found",
  running: "It was asked to end, and its run goes on",
};

/** After so long, nothing that waits for a worker or for an engine's answer is likely to come by itself. */
const patienceSeconds = 15 * 60;
