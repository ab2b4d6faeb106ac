import { errorBodySchema } from "../../platform/http/error-body.ts";
import { timeField } from "../../platform/resource/fields.ts";
import { booleanParameter, pageParameters, timeParameter } from "../../platform/resource/paging.ts";
import { z } from "../../platform/resource/schema.ts";
import { userIdField } from "../../platform/resource/user-id.ts";
import { expireChangeSchema } from "../expire.ts";
import { quotaFields } from "../model.ts";
import { valueSchema } from "../quota-type.ts";
import { usageSchema } from "../standing/usage-schema.ts";

/** The fields of a quota that a user may have values of its own for, in the order in which answers list them. */
export const overridable = ["value", "expire", "enable"] as const;

/** A user's quota in answers: the quota's fields as they apply to this user, and the fields that are the user's own. */
export const userQuotaSchema = z
  .object({
    ...quotaFields,
    user_id: z.string(),
    assigned: timeField,
    expires_at: timeField.nullable(),
    overrides: z
      .array(z.enum(overridable))
      .openapi({ description: "Which fields differ from the quota's, for this user." }),
    usage: usageSchema,
    modified: timeField,
    modified_by: z.string(),
    version: z.int().min(1),
  })
  .openapi("UserQuota");

/** A user's quota in answers and in the audit trail. */
export type UserQuota = z.infer<typeof userQuotaSchema>;

/**
 * The body that gives a user values of its own; null removes the user's value, so that the quota's applies again. Fields that
 * `value` or `expire` leaves out are those that apply to the user now.
 */
export const overrideSchema = z
  .strictObject({
    value: valueSchema.nullable().optional(),
    expire: expireChangeSchema.nullable().optional(),
    enable: z.boolean().nullable().optional(),
  })
  .openapi("OverrideUserQuota");

/** A partial change of a user's own values: fields that are undefined stay as they are. */
export type Override = z.output<typeof overrideSchema>;

/** The body that assigns a quota to a user. */
export const assignSchema = z
  .strictObject({ quota_id: z.uuid("must be a UUID").transform((id) => id.toLowerCase()) })
  .openapi("AssignQuota");

const maxUsersAtOnce = 10_000;

/** The body that assigns a quota to up to 10,000 users. */
export const assignManySchema = z
  .strictObject({
    user_ids: z
      .array(userIdField)
      .min(1, "must name at least one user")
      .max(maxUsersAtOnce, `must name at most ${maxUsersAtOnce} users`)
      .refine((ids) => new Set(ids).size === ids.length, "must name each user once"),
    atomic: z.boolean().default(true),
  })
  .openapi("AssignQuotaToUsers");

const assignResultSchema = z.object({
  user_id: z.string(),
  status: z.int(),
  error: errorBodySchema.nullable(),
});

/** The result of an assignment to many, for one user: 201, or the status and body of the failure. */
export type AssignResult = z.infer<typeof assignResultSchema>;

/** One result a user, in the order of the request. */
export const assignResultsSchema = z.object({ results: z.array(assignResultSchema) }).openapi("AssignResults");

const userFilters = { exceeded: booleanParameter.optional(), expiring_before: timeParameter.optional() };

/** The query parameters that may also be written as `filter[name]`. */
export const userFilterNames = Object.keys(userFilters);

/** The query of the list of users that have quotas. */
export const listUsersSchema = z.strictObject({ ...userFilters, ...pageParameters(["user_id"]) });

/** The query of the list of users that have quotas, parsed. */
export type ListUsers = z.output<typeof listUsersSchema>;

/** A user with all its quotas, in answers. */
export const quotaUserSchema = z
  .object({ user_id: z.string(), quotas: z.array(userQuotaSchema) })
  .openapi("UserWithQuotas");

/** A user with all its quotas, in answers. */
export type QuotaUser = z.infer<typeof quotaUserSchema>;
