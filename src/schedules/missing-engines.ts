import { sql } from "kysely";
import type { Engines } from "../engines/registry.ts";
import type { Database } from "../platform/database/tables.ts";

/**
 * Names of engines that enabled schedules use and this deployment does not have.
 *
 * A loose index scan, from name to name: its cost grows with the number of engines, not of schedules.
 */
export async function listMissingEngines(db: Database, { all }: Engines): Promise<string[]> {
  const { rows } = await sql<{ engine: string }>`
    with recursive named (engine) as (
      (select engine from ailbl_schedule where enable order by engine limit 1)
      union all
      select (select s.engine from ailbl_schedule as s where s.enable and s.engine > n.engine order by s.engine limit 1)
      from named as n where n.engine is not null
    )
    select engine from named where engine is not null and engine <> all(${all.map(({ name }) => name)}::text[])`.execute(
    db,
  );
  return rows.map(({ engine }) => engine);
}
