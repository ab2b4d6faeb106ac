import { idField, timeField } from "../platform/resource/fields.ts";
import { pageParameters, timeParameter } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";

/** One change, as answers show it. */
export const auditEntrySchema = z
  .object({
    id: idField,
    at: timeField.describe("When the change was made."),
    subject: z.string().openapi({ description: "The caller or worker that made the change.", example: "alice" }),
    on_behalf_of: z.string().nullable().openapi({
      description: "The user that the caller said it spoke for; null if it named none.",
      example: "user123",
    }),
    action: z.string().openapi({ description: "The change, as `object.verb`.", example: "storage.update" }),
    kind: z.string().openapi({ description: "The kind of the changed object.", example: "storage" }),
    object_id: z.string().openapi({
      description: "The id of the changed object; for a user's quota the user's id, a slash and the quota's id.",
      example: "01a22d55-0769-76ce-9cb1-5fef819015ca",
    }),
    before: z.unknown().openapi({
      description:
        "The object before the change, as its own route answered it. Null where there was none, as for a creation.",
      example: { name: "scenes", enable: true },
    }),
    after: z.unknown().openapi({
      description:
        "The object after the change, as its own route answered it. Null where there is none, as for a deletion.",
      example: { name: "scenes", enable: false },
    }),
    request_id: z.string().nullable().openapi({
      description: "The request that made the change, as in the header X-Request-Id. Null for a change by a worker.",
      example: "01a22d55-0769-76ce-9cb1-5fef819015ca",
    }),
  })
  .openapi("AuditEntry", { description: "One change of one object: who made it, and the object before and after." });

/** As {@link auditEntrySchema}. */
export type AuditEntry = z.infer<typeof auditEntrySchema>;

const filters = {
  kind: z
    .array(z.string().max(100))
    .max(20)
    .optional()
    .openapi({ description: "Only changes of objects of one of these kinds.", example: ["storage", "quota"] }),
  // A user's quota has the user's id, a slash and a UUID.
  object_id: z
    .array(z.string().max(600))
    .max(100)
    .optional()
    .describe("Only changes of one of these objects; a user's quota is `<user id>/<quota id>`."),
  subject: z.array(z.string().max(255)).max(20).optional().describe("Only changes by one of these callers or workers."),
  from: timeParameter.optional().describe("Only changes at this time or later."),
  to: timeParameter.optional().describe("Only changes before this time."),
};

/** Parameters that may also be written as `filter[name]`. */
export const auditFilterNames = Object.keys(filters);

/** The parameters of the list. Entries of one instant are in the order of their ids, which is their order in time. */
export const listAuditSchema = z.strictObject({ ...filters, ...pageParameters(["at"]) });

/** As {@link listAuditSchema}. */
export type ListAudit = z.output<typeof listAuditSchema>;
