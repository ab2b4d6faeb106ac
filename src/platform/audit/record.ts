import { sql } from "kysely";
import type { DatabaseTransaction } from "../database/tables.ts";
import { createId } from "../id.ts";
import type {} from "./tables.ts";

/** Who did it: a caller of the API, or a worker of ours under its own name. */
export interface Actor {
  readonly subject: string;
  readonly onBehalfOf: string | null;
  readonly requestId: string | null;
}

interface AuditEntry {
  readonly actor: Actor;
  /** What was done, as `object.verb`: `storage.update`. */
  readonly action: string;
  readonly kind: string;
  readonly objectId: string;
  /** The object as the API tells it, so without secrets; null before it was made or after it went. */
  readonly before: unknown;
  readonly after: unknown;
}

/** Writes the trail in the very transaction of the change: there is never one without the other. */
export async function recordAudit(tx: DatabaseTransaction, entry: AuditEntry): Promise<void> {
  const { subject, onBehalfOf, requestId } = entry.actor;
  await sql`insert into eom_audit (id, subject, on_behalf_of, action, kind, object_id, before, after, request_id)
    values (${createId()}, ${subject}, ${onBehalfOf}, ${entry.action}, ${entry.kind}, ${entry.objectId},
      ${toJson(entry.before)}::text::jsonb, ${toJson(entry.after)}::text::jsonb, ${requestId})`.execute(tx);
}

function toJson(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}
