import { type CompiledQuery, sql } from "kysely";
import type { Database } from "../src/platform/database/tables.ts";
import type { Statement } from "./statements.ts";

/** The fields that are read of a node of EXPLAIN (FORMAT JSON). */
interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly Plans?: readonly PlanNode[];
}

interface Explained {
  readonly "QUERY PLAN": readonly { readonly Plan: PlanNode }[];
}

/**
 * How a statement that was just sent reaches tables: `Seq Scan eom_storage`, `Index Scan eom_storage_name_key`. When its
 * connection uses one plan for any values, as PostgreSQL may from the sixth time on, that plan is returned.
 */
export function listScans(database: Database, statement: Statement): Promise<string[]> {
  // The pool lends the connection that was used last.
  return database.connection().execute(async (db) => {
    const rows = (await hasGenericPlan(db, statement))
      ? await explainGenericPlan(db, statement)
      : await explain(db, statement);
    return rows.flatMap((row) => row["QUERY PLAN"].flatMap(({ Plan }) => scansBelow(Plan)));
  });
}

async function hasGenericPlan(db: Database, statement: Statement): Promise<boolean> {
  const { rows } = await sql<{ generic_plans: number }>`
    select generic_plans from pg_prepared_statements where statement = ${statement.sql}`.execute(db);
  const [prepared] = rows;
  if (prepared === undefined) throw new Error(`this connection has never sent:\n${statement.sql}`);
  return prepared.generic_plans > 0;
}

async function explain(db: Database, statement: Statement): Promise<Explained[]> {
  const explaining = { ...statement, sql: `explain (format json) ${statement.sql}` } as CompiledQuery<Explained>;
  return (await db.executeQuery(explaining)).rows;
}

/** Such a plan knows no values, so any will do. */
async function explainGenericPlan(db: Database, { sql: text, parameters }: Statement): Promise<Explained[]> {
  await sql`set plan_cache_mode = force_generic_plan`.execute(db);
  await sql.raw(`prepare explained as ${text}`).execute(db);
  const values = parameters.map(() => "null").join(", ");
  const { rows } = await sql.raw<Explained>(`explain (format json) execute explained (${values})`).execute(db);
  await sql`deallocate explained`.execute(db);
  await sql`reset plan_cache_mode`.execute(db);
  return rows;
}

function scansBelow(node: PlanNode): string[] {
  const below = (node.Plans ?? []).flatMap(scansBelow);
  const index = node["Index Name"];
  if (index !== undefined) return [...below, `${node["Node Type"]} ${index}`];
  return node["Node Type"] === "Seq Scan" ? [...below, `Seq Scan ${node["Relation Name"]}`] : below;
}
