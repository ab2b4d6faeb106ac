import { sql } from "kysely";
import { listRows, type SortColumn } from "../platform/database/list.ts";
import { isAll, isOneOfRare, isSearch, listConditions } from "../platform/database/list-filters.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import type { ListWebhooks } from "./model.ts";
import { deliveryCounts, type WebhookRow } from "./queries.ts";

const webhookSorts = {
  created: { name: "created", type: "timestamptz" },
  modified: { name: "modified", type: "timestamptz" },
} as const satisfies Record<ListWebhooks["sortby"], SortColumn>;

/** One page of webhooks, with the total. */
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
