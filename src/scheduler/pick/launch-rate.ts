import { sql } from "kysely";
import type { Engine } from "../../engines/engine.ts";
import type { DatabaseTransaction } from "../../platform/database/tables.ts";

type RatedEngine = Pick<Engine, "name" | "launchesPerSecond" | "maxRuns">;

/**
 * Takes leave to launch from the engine's token bucket, which all processes share: it fills by the rate, and holds a
 * second's worth. Its row stays locked until the transaction ends, so what is not used can be given back. Of an engine with a
 * rate, no more than it may have under way.
 *
 * @returns how many, at most `wanted`
 */
export async function takeLaunches(tx: DatabaseTransaction, engine: RatedEngine, wanted: number): Promise<number> {
  const { name, launchesPerSecond: rate } = engine;
  if (rate === null || wanted === 0) return wanted;
  await sql`insert into ailbl_engine_bucket (engine, tokens, refilled) values (${name}, ${rate}, now())
    on conflict (engine) do nothing`.execute(tx);
  // Who waited for the lock has a now() from before the last refill.
  const { rows } = await sql<{ granted: number }>`
    with filled as materialized (
      select least(${rate}::float8, tokens + greatest(0, extract(epoch from now() - refilled))::float8 * ${rate}::float8) as tokens
      from ailbl_engine_bucket where engine = ${name} for update
    )
    update ailbl_engine_bucket as b set refilled = greatest(refilled, now()),
      tokens = filled.tokens - least(floor(filled.tokens), ${wanted}::float8)
    from filled where b.engine = ${name}
    returning least(floor(filled.tokens), ${wanted}::float8)::integer as granted`.execute(tx);
  const granted = rows[0]?.granted ?? 0;
  const room = await findRoom(tx, engine);
  if (granted <= room) return granted;
  await giveBackLaunches(tx, engine, granted - room);
  return room;
}

/** Exact: asked in a statement of its own, while no other process that would claim sessions gets past the bucket's row. */
async function findRoom(tx: DatabaseTransaction, { name, maxRuns }: RatedEngine): Promise<number> {
  if (maxRuns === null) return Number.POSITIVE_INFINITY;
  const { rows } = await sql<{ running: number }>`
    select count(*)::integer as running from (
      select from ailbl_open_session where engine = ${name} and phase = 'active' limit ${maxRuns}) as active`.execute(
    tx,
  );
  return maxRuns - (rows[0]?.running ?? 0);
}

/** In the transaction that took them. */
export async function giveBackLaunches(tx: DatabaseTransaction, engine: RatedEngine, launches: number): Promise<void> {
  if (engine.launchesPerSecond === null || launches === 0) return;
  await sql`update ailbl_engine_bucket set tokens = tokens + ${launches}::float8 where engine = ${engine.name}`.execute(
    tx,
  );
}
