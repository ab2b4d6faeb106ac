import { sql } from "kysely";
import type { CostBench } from "./capacity-costs.ts";
import { sessionTables } from "./capacity-fill.ts";
import { divideCost } from "./capacity-idle.ts";
import { addCost, type Cost } from "./capacity-model.ts";

/** What it costs to remove a row whose time is over: those that the last measurement has left, as if it were. */
export async function measureRemoval({ site, hand }: CostBench, rows: "sessions" | "answers"): Promise<Cost> {
  if (rows === "answers") await sql`update eom_metering_answer set expires_at = now()`.execute(site.db);
  const tables = rows === "answers" ? ["eom_metering_answer"] : sessionTables;
  await site.meter.tidy(tables);
  let removed = 0;
  const spent = await site.meter.spend([hand.readCpu], async () => {
    for (let count = -1; count !== 0; removed += count) count = await hand.order({ order: "remove", rows });
  });
  const tidied = await site.meter.tidy(tables);
  return divideCost({ ...addCost(spent.cost, tidied.cost), keptBytes: 0 }, removed);
}
