import { sql } from "kysely";
import type { DatabaseTransaction } from "../database/tables.ts";
import { createId } from "../id.ts";
import type { EventData, EventType } from "./types.ts";

/** An event with the data of its type. */
type NewEvent = {
  readonly [Type in EventType]: {
    readonly type: Type;
    readonly kind: string;
    readonly objectId: string;
    readonly data: EventData<Type>;
  };
}[EventType];

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
