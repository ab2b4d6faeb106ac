import { sql } from "kysely";
import type { DatabaseTransaction } from "../database/tables.ts";
import { createId } from "../id.ts";
import type { EventType } from "./types.ts";

interface NewEvent {
  readonly type: EventType;
  readonly kind: string;
  readonly objectId: string;
  /** What receivers need to know; no secrets. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Writes an event in the transaction in which it happened. */
export function insertEvent(tx: DatabaseTransaction, event: NewEvent): Promise<void> {
  return insertEvents(tx, [event]);
}

/** As {@link insertEvent}, many in one statement. */
export async function insertEvents(tx: DatabaseTransaction, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  await sql`insert into eom_event (id, type, kind, object_id, data, created)
    select event.id, event.type, event.kind, event.object_id, event.data::jsonb, now()
    from unnest(${events.map(() => createId())}::uuid[], ${events.map(({ type }) => type)}::text[],
      ${events.map(({ kind }) => kind)}::text[], ${events.map(({ objectId }) => objectId)}::text[],
      ${events.map(({ data }) => JSON.stringify(data))}::text[]) as event (id, type, kind, object_id, data)`.execute(
    tx,
  );
}
