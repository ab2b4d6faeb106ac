import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";
import { type Concerns, maxConcerns, maxCounted, toConcerns } from "../platform/resource/concerns.ts";

interface FailingRow {
  readonly id: string;
  readonly address: string;
  readonly is_gone: boolean;
  readonly dead: number;
  readonly last_error: string | null;
  readonly last_failure: Date | null;
  readonly total: number;
}

/**
 * Webhooks that need a person, the longest failing first: enabled ones whose last attempt failed, any with dead deliveries,
 * and those that EOM disabled because the receiver answered 410 Gone.
 */
export async function findFailingWebhooks(db: Database): Promise<Concerns> {
  const { rows } = await sql<FailingRow>`
    with failing as materialized (
      select w.id, w.address, w.disabled_reason is not null as is_gone, w.last_error, w.last_failure, w.created, (
        select count(*) from (
          select from eom_webhook_delivery as d where d.webhook_id = w.id and d.state = 'dead' limit ${maxCounted}) as counted
        ) as dead
      from eom_webhook as w
      where (w.enable and w.state = 'failing') or w.disabled_reason is not null
        or exists (select from eom_webhook_delivery as d where d.webhook_id = w.id and d.state = 'dead')
      limit ${maxCounted})
    select failing.*, (select count(*) from failing) as total from failing
    order by last_failure nulls first, created, id limit ${maxConcerns}`.execute(db);
  return toConcerns(rows, (row) => ({ id: row.id, name: row.address, why: explain(row), since: row.last_failure }));
}

function explain({ is_gone, dead, last_error }: FailingRow): string {
  if (is_gone) return "Its receiver answered 410 Gone, and EOM disabled it";
  const last = last_error === null ? "" : `: ${last_error}`;
  return dead > 0 ? `${dead} deliveries were given up${last}` : `Its last attempts failed${last}`;
}
