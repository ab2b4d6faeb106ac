import { descriptionField, historyFields, idField, labelsField, nameField } from "../platform/resource/fields.ts";
import { objectFilters, pageParameters } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { expireChangeSchema, expireSchema } from "./expire.ts";
import { findMisfits } from "./misfits.ts";
import { quotaTypeField, valueSchema } from "./quota-type.ts";

const enableDescription =
  "False: users with this quota are refused; adjust, and negative amounts that give back, are still counted.";

/** The body that defines a quota. */
export const createQuotaSchema = z
  .strictObject({
    name: nameField,
    description: descriptionField.default(null),
    type: quotaTypeField,
    value: valueSchema,
    expire: expireSchema.default({ type: "never" }).openapi({ description: "Default: the quota never expires." }),
    enable: z.boolean().default(true).describe(enableDescription),
    labels: labelsField.default({}),
  })
  .superRefine((quota, context) => {
    for (const { path, message } of findMisfits(quota)) context.addIssue({ code: "custom", path, message });
  })
  .openapi("CreateQuota", { description: "A new quota. `value` and `expire` must fit its type." });

/**
 * The body that changes some fields of a quota, at every depth; labels are replaced as a whole. The service checks that the changed quota fits its type, and that `type`
 * changes only while no user has the quota.
 */
export const updateQuotaSchema = z
  .strictObject({
    name: nameField.optional(),
    description: descriptionField.optional(),
    type: quotaTypeField.optional().openapi({ description: "Can change only while no user has the quota." }),
    value: valueSchema.optional(),
    expire: expireChangeSchema.optional(),
    enable: z.boolean().optional().describe(enableDescription),
    labels: labelsField.optional(),
  })
  .openapi("UpdateQuota", {
    description: "An omitted field keeps its value; labels are replaced as a whole.",
  });

/** A new quota, with its defaults filled in. */
export type CreateQuota = z.output<typeof createQuotaSchema>;

/** A partial change: fields that are undefined stay as they are. */
export type UpdateQuota = z.output<typeof updateQuotaSchema>;

/** The fields that a quota and a user's quota have in common in answers. */
export const quotaFields = {
  id: idField,
  name: z.string().openapi({ description: "Unique among quotas, without regard to case.", example: "basic-orders" }),
  description: z.string().nullable().describe("Free text of several lines; null if there is none."),
  type: quotaTypeField,
  value: valueSchema,
  expire: expireSchema,
  enable: z.boolean().describe(enableDescription),
  labels: labelsField,
};

/** A quota in answers. */
export const quotaSchema = z
  .object({
    ...quotaFields,
    assigned_users: z.int().openapi({ description: "The number of users that have it. Not part of the version." }),
    ...historyFields,
  })
  .openapi("Quota", {
    description: "A limit of one type, with a rule of expiry. It applies to the users that it is assigned to.",
  });

/** A quota in answers and in the audit trail. */
export type Quota = z.infer<typeof quotaSchema>;

const quotaFilters = {
  ...objectFilters,
  type: z.array(quotaTypeField).max(2).optional().describe("Quotas of one of these types."),
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
