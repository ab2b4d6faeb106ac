import { type RawBuilder, type SqlBool, sql } from "kysely";
import { listRows, type SortColumn } from "../platform/database/list.ts";
import { isAll, isAny, isOneOfRare, isSearch, listConditions } from "../platform/database/list-filters.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import type { ListDeliveries } from "./deliveries/model.ts";
import type { DeliveryRow } from "./deliveries/queries.ts";
import type { ListWebhooks } from "./model.ts";
import { deliveryCounts, type WebhookRow } from "./queries.ts";

const webhookSorts = {
  created: { name: "created", type: "timestamptz" },
  modified: { name: "modified", type: "timestamptz" },
} as const satisfies Record<ListWebhooks["sortby"], SortColumn>;

/** One page and the total. */
export function listWebhooks(db: Database, query: ListWebhooks, start: PageStart): Promise<Page<WebhookRow>> {
  return listRows<WebhookRow>(db, {
    table: "eom_webhook",
    columns: sql`eom_webhook.*, ${deliveryCounts}`,
    sort: webhookSorts[query.sortby],
    filter: isAll([
      ...listConditions(query),
      ...(query.state === undefined ? [] : [isOneOfRare("state", "healthy", query.state)]),
    ]),
    isSearch: isSearch(query),
    query,
    start,
  });
}

/** One page of a webhook's deliveries: an index holds them in this order. */
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
      ...isOneOf("state", query.state),
      ...isOneOf("event_type", query.event_type),
    ]),
    isSearch: false,
    query,
    start,
  });
}

function isOneOf(column: string, values: readonly string[] | undefined): RawBuilder<SqlBool>[] {
  return values === undefined ? [] : [isAny(values.map((value) => sql`${sql.ref(column)} = ${value}`))];
}
