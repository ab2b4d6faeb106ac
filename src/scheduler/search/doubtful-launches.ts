import { sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";
import type { PickNeeds } from "../context.ts";
import { type DoubtfulLaunch, endDuplicates, stopPatienceSeconds, toDuplicates } from "./duplicates.ts";

/**
 * How long after a launch without a clear answer its run may still appear: a server can go on with a request that nobody waits
 * for any more, and a process that stood still can send one late.
 */
const watchSeconds = 15 * 60;

/** The next look comes after a tenth of what has passed, so that one launch costs a few dozen looks, and a batch of them one. */
const leastPauseSeconds = 15;

const batchSize = 100;

/**
 * Looks again for the runs of launches that had no clear answer, and ends those that are not their session's: of all that a
 * launch may have made, one stays. Any process may do it, also two at once.
 *
 * @returns how many runs were ended
 */
export async function watchDoubtfulLaunches(needs: PickNeeds): Promise<number> {
  const { db, engine } = needs;
  const launches = await takeDoubtfulLaunches(db, engine.name);
  const decided = launches.filter((launch) => !isUndecided(launch));
  if (decided.length === 0) return 0;
  const found = await engine.listRuns(decided.map(({ session_id, attempt }) => ({ sessionId: session_id, attempt })));
  const looks = decided.flatMap((launch, index) => {
    const runs = found[index] ?? null;
    return runs === null ? [] : [{ launch, runs }];
  });
  const duplicates = looks.flatMap(({ launch, runs }) => toDuplicates(launch, launch.run_id, runs));
  const { asked, live } = await endDuplicates(needs, duplicates);
  const seen = looks.map(({ launch }) => launch);
  const [old, young] = [seen.filter(({ is_old }) => is_old), seen.filter(({ is_old }) => !is_old)];
  await forget(
    db,
    old.filter((launch) => !live.has(launch)),
  );
  await lookAgainSoon(
    db,
    young.filter((launch) => live.has(launch)),
  );
  return asked;
}

/** Those that are due, a batch: what is asked of the engine is bounded, also when it was away from thousands. */
async function takeDoubtfulLaunches(db: Database, engine: string): Promise<DoubtfulLaunch[]> {
  const { rows } = await sql<DoubtfulLaunch>`
    with due as (
      select session_id, attempt from ailbl_doubtful_launch where engine = ${engine} and check_at <= now()
      order by check_at limit ${batchSize} for update skip locked
    ), taken as (
      update ailbl_doubtful_launch as d
      set check_at = now() + greatest(make_interval(secs => ${leastPauseSeconds}), (now() - d.since) / 10)
      from due where d.session_id = due.session_id and d.attempt = due.attempt
      returning d.session_id, d.attempt, d.since, d.ended
    )
    select t.*, t.since < now() - make_interval(secs => ${watchSeconds}) as is_old,
      t.since < now() - make_interval(secs => ${stopPatienceSeconds}) as is_late,
      s.state, s.attempt as session_attempt, s.run_id
    from taken as t left join ailbl_session as s on s.id = t.session_id and s.engine = ${engine}`.execute(db);
  return rows;
}

/** Its session has no run yet: it takes one itself, when it is looked for (reconcile.ts) or launched again (launch.ts). */
function isUndecided({ attempt, session_attempt, state }: DoubtfulLaunch): boolean {
  return attempt === session_attempt && ["pending", "claimed", "unknown"].includes(state ?? "");
}

/** A second run does its session's work once more while it goes on. */
async function lookAgainSoon(db: Database, launches: readonly DoubtfulLaunch[]): Promise<void> {
  if (launches.length === 0) return;
  await sql`
    update ailbl_doubtful_launch as d set check_at = least(d.check_at, now() + make_interval(secs => ${leastPauseSeconds}))
    from unnest(${launches.map(({ session_id }) => session_id)}::uuid[],
      ${launches.map(({ attempt }) => attempt)}::integer[]) as w (session_id, attempt)
    where d.session_id = w.session_id and d.attempt = w.attempt`.execute(db);
}

/** After the last look; not what has come into doubt anew since. */
async function forget(db: Database, launches: readonly DoubtfulLaunch[]): Promise<void> {
  if (launches.length === 0) return;
  await sql`
    delete from ailbl_doubtful_launch as d using unnest(${launches.map(({ session_id }) => session_id)}::uuid[],
      ${launches.map(({ attempt }) => attempt)}::integer[]) as w (session_id, attempt)
    where d.session_id = w.session_id and d.attempt = w.attempt
      and d.since < now() - make_interval(secs => ${watchSeconds})`.execute(db);
}
