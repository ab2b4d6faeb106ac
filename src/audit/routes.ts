import type { Database } from "../platform/database/tables.ts";
import { defineRoute, type Route } from "../platform/http/route.ts";
import { pageSchema, parsePageStart, toPageAnswer } from "../platform/resource/paging.ts";
import { type AuditEntry, auditEntrySchema, auditFilterNames, listAuditSchema } from "./model.ts";
import { type AuditRow, listAudit } from "./queries.ts";

/** The audit trail of all rooms. */
export function createAuditRoutes(db: Database): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: "/eom/admin/audit",
        operationId: "listAudit",
        tag: "audit",
        summary: "List changes, oldest first unless asked otherwise",
        description:
          "Entries are written in the transaction of their change and never changed. Secrets are not in them.",
        role: "viewer",
        query: listAuditSchema,
        filters: auditFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(auditEntrySchema) } },
        failures: [],
      },
      async ({ query, url, cursors }) =>
        toPageAnswer({
          query,
          url,
          cursors,
          page: await listAudit(db, query, parsePageStart(query, cursors)),
          toItem: toAuditEntry,
          toKey: (row) => ({ value: row.at.toISOString(), id: row.id }),
        }),
    ),
  ];
}

function toAuditEntry(row: AuditRow): AuditEntry {
  const { id, subject, on_behalf_of, action, kind, object_id, before, after, request_id } = row;
  return { id, at: row.at.toISOString(), subject, on_behalf_of, action, kind, object_id, before, after, request_id };
}
