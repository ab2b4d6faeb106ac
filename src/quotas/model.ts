import { descriptionField, historyFields, idField, labelsField, nameField } from "../platform/resource/fields.ts";
import { objectFilters, pageParameters } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { expireChangeSchema, expireSchema } from "./expire.ts";
import { findMisfits } from "./misfits.ts";
import { quotaTypeField, valueSchema } from "./quota-type.ts";

/** The body that defines a quota. */
export const createQuotaSchema = z
  .strictObject({
    name: nameField,
    description: descriptionField.default(null),
    type: quotaTypeField,
    value: valueSchema,
    expire: expireSchema.default({ type: "never" }),
    enable: z.boolean().default(true),
    labels: labelsField.default({}),
  })
  .superRefine((quota, context) => {
    for (const { path, message } of findMisfits(quota)) context.addIssue({ code: "custom", path, message });
  })
  .openapi("CreateQuota");

/**
 * The body that changes some fields of a quota, at every depth; labels are replaced as a whole. The service checks that the changed quota fits its type, and that `type`
 * changes only while no user has the quota.
 */
export const updateQuotaSchema = z
  .strictObject({
    name: nameField.optional(),
    description: descriptionField.optional(),
    type: quotaTypeField.optional(),
    value: valueSchema.optional(),
    expire: expireChangeSchema.optional(),
    enable: z.boolean().optional(),
    labels: labelsField.optional(),
  })
  .openapi("UpdateQuota");

/** A new quota, with its defaults filled in. */
export type CreateQuota = z.output<typeof createQuotaSchema>;

/** A partial change: fields that are undefined stay as they are. */
export type UpdateQuota = z.output<typeof updateQuotaSchema>;

/** The fields that a quota and a user's quota have in common in answers. */
export const quotaFields = {
  id: idField,
  name: z.string(),
  description: z.string().nullable(),
  type: quotaTypeField,
  value: valueSchema,
  expire: expireSchema,
  enable: z.boolean(),
  labels: z.record(z.string(), z.string()),
};

/** A quota in answers. */
export const quotaSchema = z
  .object({
    ...quotaFields,
    assigned_users: z.int().openapi({ description: "The number of users that have it. Not part of the version." }),
    ...historyFields,
  })
  .openapi("Quota");

/** A quota in answers and in the audit trail. */
export type Quota = z.infer<typeof quotaSchema>;

const quotaFilters = {
  ...objectFilters,
  type: z.array(quotaTypeField).max(2).optional(),
};

/** The query parameters that may also be written as `filter[name]`. */
export const quotaFilterNames = Object.keys(quotaFilters);

/** The query of a list of quotas, also of a user's quotas. */
export const listQuotasSchema = z.strictObject({
  ...quotaFilters,
  ...pageParameters(["name", "type", "enable", "created", "modified"]),
});

/** The query of a list of quotas, parsed. */
export type ListQuotas = z.output<typeof listQuotasSchema>;
