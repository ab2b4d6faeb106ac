import { sql } from "kysely";
import { toJsonb } from "../database/sql.ts";
import type { DatabaseTransaction } from "../database/tables.ts";
import { createId } from "../id.ts";
import type { EventType } from "./types.ts";

interface NewEvent {
  readonly type: EventType;
  readonly kind: string;
  readonly objectId: string;
  /** What those who are told need to know; no secrets. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Writes it in the very transaction in which it happened. */
export async function insertEvent(tx: DatabaseTransaction, { type, kind, objectId, data }: NewEvent): Promise<void> {
  await sql`insert into eom_event (id, type, kind, object_id, data, created)
    values (${createId()}, ${type}, ${kind}, ${objectId}, ${toJsonb(data)}, now())`.execute(tx);
}
