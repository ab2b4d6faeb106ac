import { type Selectable, type SqlBool, sql } from "kysely";
import type { AuditTable } from "../platform/audit/tables.ts";
import type { Database } from "../platform/database/tables.ts";
import { maxExactTotal, type Page, type PageStart } from "../platform/resource/paging.ts";
import type { ListAudit } from "./model.ts";

export type AuditRow = Selectable<AuditTable>;

export async function listAudit(db: Database, query: ListAudit, start: PageStart): Promise<Page<AuditRow>> {
  const direction = query.asc ? "asc" : "desc";
  const matching = db
    .selectFrom("eom_audit")
    .$if(query.kind !== undefined, (rows) => rows.where("kind", "in", query.kind ?? []))
    .$if(query.object_id !== undefined, (rows) => rows.where("object_id", "in", query.object_id ?? []))
    .$if(query.subject !== undefined, (rows) => rows.where("subject", "in", query.subject ?? []))
    .$if(query.from !== undefined, (rows) => rows.where("at", ">=", query.from as Date))
    .$if(query.to !== undefined, (rows) => rows.where("at", "<", query.to as Date));
  const sign = sql.raw(query.asc ? ">" : "<");
  const page = matching
    .selectAll()
    .$if(start.by === "key", (rows) =>
      start.by === "key"
        ? rows.where(sql<SqlBool>`(at, id) ${sign} (${start.value}::text::timestamptz, ${start.id}::uuid)`)
        : rows,
    )
    .$if(start.by === "offset", (rows) => rows.offset(start.by === "offset" ? start.offset : 0))
    .orderBy("at", direction)
    .orderBy("id", direction)
    .limit(query.size + 1);
  const counted = db
    .selectFrom(
      matching
        .select(sql`1`.as("one"))
        .limit(maxExactTotal + 1)
        .as("counted"),
    )
    .select((eb) => eb.fn.countAll<number>().as("total"));
  const [rows, { total }] = await Promise.all([page.execute(), counted.executeTakeFirstOrThrow()]);
  return { rows, total };
}
