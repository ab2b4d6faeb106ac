import { sql } from "kysely";
import type { EngineRun } from "../../engines/engine.ts";
import type { Database } from "../../platform/database/tables.ts";
import type { EngineContext } from "../context.ts";
import { type DoubtfulLaunch, endDuplicates, stopPatienceSeconds, toDuplicates } from "./duplicates.ts";

/**
 * How long after a launch without a clear answer its run may still appear: a server can continue a request whose client has
 * gone, and a process that stood still can send one late.
 */
const doubtSeconds = 15 * 60;

/** The next check comes after a tenth of the time that has passed, so that a launch costs a few dozen checks. */
const minPauseSeconds = 15;

const batchSize = 100;

/** One turn. */
export interface DuplicatesSummary {
  /** Runs that were asked to end because their session has another run. */
  readonly duplicates: number;
}

/**
 * Searches again the runs of launches that had no clear answer, and ends every run that is not its session's own: a launch may
 * have made several, and one stays. Any process may do this, also two at once.
 */
export async function endDoubtfulRuns(context: EngineContext): Promise<DuplicatesSummary> {
  const { db, engine } = context;
  const launches = (await takeDoubtfulLaunches(db, engine.name)).filter(isDecided);
  if (launches.length === 0) return { duplicates: 0 };
  const results = await engine.listRuns(
    launches.map(({ session_id, attempt }) => ({ sessionId: session_id, attempt })),
  );
  const checked = launches.flatMap((launch, index) => {
    const runs = results[index] ?? null;
    return runs === null ? [] : [{ launch, runs }];
  });
  const { asked, live } = await endDuplicates(context, checked.flatMap(listDuplicates));
  const isLive = ({ launch }: Checked) => live.has(launch);
  await deleteOld(
    db,
    checked.filter((check) => check.launch.is_old && !isLive(check)),
  );
  await checkSoon(
    db,
    checked.filter((check) => !check.launch.is_old && isLive(check)),
  );
  return { duplicates: asked };
}

interface Checked {
  readonly launch: DoubtfulLaunch;
  readonly runs: readonly EngineRun[];
}

function listDuplicates({ launch, runs }: Checked) {
  return toDuplicates(launch, launch.run_id, runs);
}

/** One batch of launches that are due: it bounds the requests to an engine that was away while thousands were launched. */
async function takeDoubtfulLaunches(db: Database, engine: string): Promise<DoubtfulLaunch[]> {
  const { rows } = await sql<DoubtfulLaunch>`
    with due as (
      select session_id, attempt from ailbl_doubtful_launch where engine = ${engine} and check_at <= now()
      order by check_at limit ${batchSize} for update skip locked
    ), taken as (
      update ailbl_doubtful_launch as d
      set check_at = now() + greatest(make_interval(secs => ${minPauseSeconds}), (now() - d.since) / 10)
      from due where d.session_id = due.session_id and d.attempt = due.attempt
      returning d.session_id, d.attempt, d.since, d.ended
    )
    select t.*, t.since < now() - make_interval(secs => ${doubtSeconds}) as is_old,
      t.since < now() - make_interval(secs => ${stopPatienceSeconds}) as is_late,
      s.state, s.attempt as session_attempt, s.run_id
    from taken as t left join ailbl_session as s on s.id = t.session_id and s.engine = ${engine}`.execute(db);
  return rows;
}

/** False while the session has no run yet: it adopts a run itself, in search.ts or when it is launched again. */
function isDecided({ attempt, session_attempt, state }: DoubtfulLaunch): boolean {
  return attempt !== session_attempt || !["pending", "claimed", "unknown"].includes(state ?? "");
}

/** A second run does its session's work once more while it goes on, so it is checked again soon. */
async function checkSoon(db: Database, checked: readonly Checked[]): Promise<void> {
  if (checked.length === 0) return;
  await sql`
    update ailbl_doubtful_launch as d set check_at = least(d.check_at, now() + make_interval(secs => ${minPauseSeconds}))
    from unnest(${checked.map(({ launch }) => launch.session_id)}::uuid[],
      ${checked.map(({ launch }) => launch.attempt)}::integer[]) as c (session_id, attempt)
    where d.session_id = c.session_id and d.attempt = c.attempt`.execute(db);
}

/** After the last check; a launch that has come into doubt again since stays. */
async function deleteOld(db: Database, checked: readonly Checked[]): Promise<void> {
  if (checked.length === 0) return;
  await sql`
    delete from ailbl_doubtful_launch as d using unnest(${checked.map(({ launch }) => launch.session_id)}::uuid[],
      ${checked.map(({ launch }) => launch.attempt)}::integer[]) as c (session_id, attempt)
    where d.session_id = c.session_id and d.attempt = c.attempt
      and d.since < now() - make_interval(secs => ${doubtSeconds})`.execute(db);
}
