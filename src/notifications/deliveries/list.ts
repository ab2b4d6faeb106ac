import { type RawBuilder, type SqlBool, sql } from "kysely";
import { listRows } from "../../platform/database/list.ts";
import { isAll, isAny } from "../../platform/database/list-filters.ts";
import type { Database } from "../../platform/database/tables.ts";
import type { Page, PageStart } from "../../platform/resource/paging.ts";
import type { ListDeliveries } from "./model.ts";
import type { DeliveryRow } from "./queries.ts";

/** One page of a webhook's deliveries, with the total. The index eom_webhook_delivery_webhook has this order. */
export function listDeliveries(
  db: Database,
  webhookId: string,
  query: ListDeliveries,
  start: PageStart,
): Promise<Page<DeliveryRow>> {
  return listRows<DeliveryRow>(db, {
    table: "eom_webhook_delivery",
    columns: sql`eom_webhook_delivery.*`,
    sort: { name: "created", type: "timestamptz" },
    filter: isAll([
      sql`webhook_id = ${webhookId}`,
      ...isAnyOf("state", query.state),
      ...isAnyOf("event_type", query.event_type),
    ]),
    isSearch: false,
    query,
    start,
  });
}

function isAnyOf(column: string, values: readonly string[] | undefined): RawBuilder<SqlBool>[] {
  return values === undefined ? [] : [isAny(values.map((value) => sql`${sql.ref(column)} = ${value}`))];
}
