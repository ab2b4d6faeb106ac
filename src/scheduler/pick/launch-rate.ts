import { sql } from "kysely";
import type { Engine } from "../../engines/engine.ts";
import type { DatabaseTransaction } from "../../platform/database/tables.ts";

type RatedEngine = Pick<Engine, "name" | "launchesPerSecond">;

/**
 * Takes launches from the engine's token bucket, which all processes share. The bucket fills with the engine's rate and holds
 * one second's worth: at 30 launches a second, 30. Its row stays locked until the transaction ends, so unused launches can be
 * returned.
 *
 * @returns how many launches are granted, at most `requested`
 */
export async function takeLaunches(tx: DatabaseTransaction, engine: RatedEngine, requested: number): Promise<number> {
  const { name, launchesPerSecond: rate } = engine;
  if (rate === null || requested === 0) return requested;
  await sql`insert into ailbl_engine_bucket (engine, tokens, refilled) values (${name}, ${rate}, now())
    on conflict (engine) do nothing`.execute(tx);
  // greatest(): a transaction that waited for the lock has a now() from before the last refill.
  const { rows } = await sql<{ granted: number }>`
    with filled as materialized (
      select least(${rate}::float8, tokens + greatest(0, extract(epoch from now() - refilled))::float8 * ${rate}::float8) as tokens
      from ailbl_engine_bucket where engine = ${name} for update
    )
    update ailbl_engine_bucket as b set refilled = greatest(refilled, now()),
      tokens = filled.tokens - least(floor(filled.tokens), ${requested}::float8)
    from filled where b.engine = ${name}
    returning least(floor(filled.tokens), ${requested}::float8)::integer as granted`.execute(tx);
  return rows[0]?.granted ?? 0;
}

/** Returns unused launches to the bucket, in the transaction that took them. */
export async function returnLaunches(tx: DatabaseTransaction, engine: RatedEngine, launches: number): Promise<void> {
  if (engine.launchesPerSecond === null || launches === 0) return;
  await sql`update ailbl_engine_bucket set tokens = tokens + ${launches}::float8 where engine = ${engine.name}`.execute(
    tx,
  );
}
