import type { CompiledQuery } from "kysely";
import type { Database } from "../src/platform/database/tables.ts";
import type { Statement } from "./statements.ts";

/** What is read here of a node of EXPLAIN (FORMAT JSON). */
interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly Plans?: readonly PlanNode[];
}

interface Explained {
  readonly "QUERY PLAN": readonly { readonly Plan: PlanNode }[];
}

/** How the statement, with these values, reaches tables: `Seq Scan eom_storage`, `Index Scan eom_storage_name_key`. */
export async function listScans(db: Database, statement: Statement): Promise<string[]> {
  const explain = { ...statement, sql: `explain (format json) ${statement.sql}` } as CompiledQuery<Explained>;
  const { rows } = await db.executeQuery(explain);
  return rows.flatMap((row) => row["QUERY PLAN"].flatMap(({ Plan }) => scansBelow(Plan)));
}

function scansBelow(node: PlanNode): string[] {
  const below = (node.Plans ?? []).flatMap(scansBelow);
  const index = node["Index Name"];
  if (index !== undefined) return [...below, `${node["Node Type"]} ${index}`];
  return node["Node Type"] === "Seq Scan" ? [...below, `Seq Scan ${node["Relation Name"]}`] : below;
}
