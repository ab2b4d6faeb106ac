import { idField, timeField } from "../platform/resource/fields.ts";
import { pageParameters, timeParameter } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";

/** One change, as answers show it. */
export const auditEntrySchema = z
  .object({
    id: idField,
    at: timeField,
    subject: z.string().openapi({ description: "The caller or worker that made the change." }),
    on_behalf_of: z.string().nullable().openapi({ description: "The user that the caller said it spoke for." }),
    action: z.string().openapi({ example: "storage.update" }),
    kind: z.string(),
    object_id: z.string(),
    before: z.unknown(),
    after: z.unknown(),
    request_id: z.string().nullable(),
  })
  .openapi("AuditEntry");

/** As {@link auditEntrySchema}. */
export type AuditEntry = z.infer<typeof auditEntrySchema>;

const filters = {
  kind: z.array(z.string().max(100)).max(20).optional(),
  // A user's quota has the user's id, a slash and a UUID.
  object_id: z.array(z.string().max(600)).max(100).optional(),
  subject: z.array(z.string().max(255)).max(20).optional(),
  from: timeParameter.optional(),
  to: timeParameter.optional(),
};

/** Parameters that may also be written as `filter[name]`. */
export const auditFilterNames = Object.keys(filters);

/** The parameters of the list. Entries of one instant are in the order of their ids, which is their order in time. */
export const listAuditSchema = z.strictObject({ ...filters, ...pageParameters(["at"]) });

/** As {@link listAuditSchema}. */
export type ListAudit = z.output<typeof listAuditSchema>;
