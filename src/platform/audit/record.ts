import { sql } from "kysely";
import type { DatabaseTransaction } from "../database/tables.ts";
import { createId } from "../id.ts";

/** The originator of a change: a caller of the API, or a worker under its own name. */
export interface Actor {
  readonly subject: string;
  readonly onBehalfOf: string | null;
  readonly requestId: string | null;
}

interface AuditEntry {
  readonly actor: Actor;
  /** As `object.verb`: `storage.update`. */
  readonly action: string;
  readonly kind: string;
  readonly objectId: string;
  /** The object as the API shows it, so without secrets; null before its creation and after its deletion. */
  readonly before: unknown;
  readonly after: unknown;
}

/** Writes the trail in the transaction of the change, so that neither exists without the other. */
export async function recordAudit(tx: DatabaseTransaction, entry: AuditEntry): Promise<void> {
  await recordAudits(tx, [entry]);
}

/** As {@link recordAudit}, for a change of many objects: one statement. */
export async function recordAudits(tx: DatabaseTransaction, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await sql`insert into eom_audit (id, subject, on_behalf_of, action, kind, object_id, before, after, request_id)
    select id, subject, on_behalf_of, action, kind, object_id, before, after, request_id
    from json_to_recordset(${JSON.stringify(entries.map(toRow))}::text::json) as entry (
      id uuid, subject text, on_behalf_of text, action text, kind text, object_id text, before jsonb, after jsonb,
      request_id text)`.execute(tx);
}

/** A null field becomes SQL's null. */
function toRow({ actor, action, kind, objectId, before, after }: AuditEntry) {
  return {
    id: createId(),
    subject: actor.subject,
    on_behalf_of: actor.onBehalfOf,
    action,
    kind,
    object_id: objectId,
    before: before ?? null,
    after: after ?? null,
    request_id: actor.requestId,
  };
}
