import type { Database } from "../platform/database/tables.ts";
import { defineRoute, type Route } from "../platform/http/route.ts";
import { pageSchema, parsePageStart, toPageAnswer } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { type AuditEntry, auditEntrySchema, auditFilterNames, listAuditSchema } from "./model.ts";
import { type AuditRow, listAudit } from "./queries.ts";

/** Who changed what and when, in all rooms. */
export function createAuditRoutes(db: Database): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: "/eom/admin/audit",
        operationId: "listAudit",
        tag: "audit",
        summary: "List changes, oldest first unless asked otherwise",
        role: "viewer",
        params: z.strictObject({}),
        query: listAuditSchema,
        filters: auditFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(auditEntrySchema) } },
        failures: [],
      },
      async ({ query, url }) =>
        toPageAnswer({
          query,
          url,
          found: await listAudit(db, query, parsePageStart(query)),
          toItem: toAuditEntry,
          toKey: (row) => ({ value: row.at.toISOString(), id: row.id }),
        }),
    ),
  ];
}

function toAuditEntry(row: AuditRow): AuditEntry {
  return { ...row, at: row.at.toISOString() };
}
