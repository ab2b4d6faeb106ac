import { idField, timeField } from "../platform/resource/fields.ts";
import { pageParameters, timeParameter } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";

export const auditEntrySchema = z
  .object({
    id: idField,
    at: timeField,
    subject: z.string().openapi({ description: "Who did it, as authentication found it." }),
    on_behalf_of: z.string().nullable().openapi({ description: "Whom the subject said it spoke for." }),
    action: z.string().openapi({ example: "storage.update" }),
    kind: z.string(),
    object_id: z.string(),
    before: z.unknown(),
    after: z.unknown(),
    request_id: z.string().nullable(),
  })
  .openapi("AuditEntry");

export type AuditEntry = z.infer<typeof auditEntrySchema>;

const filters = {
  kind: z.array(z.string().max(100)).max(20).optional(),
  object_id: z.array(z.string().max(100)).max(100).optional(),
  subject: z.array(z.string().max(255)).max(20).optional(),
  from: timeParameter.optional(),
  to: timeParameter.optional(),
};

export const auditFilterNames = Object.keys(filters);

/** The id is made at the time of the change, so its order is the order in time. */
export const listAuditSchema = z.strictObject({ ...filters, ...pageParameters(["at"]) });

export type ListAudit = z.output<typeof listAuditSchema>;
