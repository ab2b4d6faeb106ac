import type { DatabaseTransaction } from "../../src/platform/database/tables.ts";
import { insertEvent } from "../../src/platform/events/queries.ts";
import type { EventType } from "../../src/platform/events/types.ts";

interface AnyEvent {
  readonly type: EventType;
  readonly kind: string;
  readonly objectId: string;
  /** Whatever the test looks for; deliveries never read it. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Inserts an event whose data are not those of its type. */
export function insertAnyEvent(tx: DatabaseTransaction, event: AnyEvent): Promise<void> {
  return insertEvent(tx, event as Parameters<typeof insertEvent>[1]);
}
