import { errorBodySchema } from "../../platform/http/error-body.ts";
import { idField, timeField } from "../../platform/resource/fields.ts";
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
    id: idField.describe("The id of the quota, which all its users share."),
    user_id: z.string().openapi({ description: "The user that has the quota.", example: "user123" }),
    enable: quotaFields.enable.describe("As it applies to this user: false refuses the user."),
    value: valueSchema.openapi({ description: "The limit that applies to this user." }),
    expire: quotaFields.expire.openapi({ description: "The rule of expiry that applies to this user." }),
    assigned: timeField.describe("The time of the assignment, from which `after` of `expire` counts."),
    expires_at: timeField
      .nullable()
      .describe("When the quota expires for this user; null if it never does, or starts again with each period."),
    overrides: z
      .array(z.enum(overridable))
      .openapi({ description: "Which fields differ from the quota's, for this user." }),
    usage: usageSchema,
    modified: timeField.describe("The last change of the assignment: usage does not change it."),
    modified_by: z.string().describe("The caller that made the last change."),
    version: z
      .int()
      .min(1)
      .describe("Counts the changes of the assignment, from 1; usage does not change it. It is the entity tag."),
  })
  .openapi("UserQuota", {
    description: "A quota as it applies to one user, with the user's usage.",
  });

/** A user's quota in answers and in the audit trail. */
export type UserQuota = z.infer<typeof userQuotaSchema>;

/**
 * The body that gives a user values of its own; null removes the user's value, so that the quota's applies again. Fields that
 * `value` or `expire` leaves out are those that apply to the user now.
 */
export const overrideSchema = z
  .strictObject({
    value: valueSchema.nullable().openapi({ description: "The user's own limit; null removes it." }).optional(),
    expire: expireChangeSchema
      .nullable()
      .openapi({
        description: "The user's own rule of expiry, as a change of the one that applies now; null removes it.",
      })
      .optional(),
    enable: z.boolean().nullable().optional().describe("The user's own value; null removes it."),
  })
  .openapi("OverrideUserQuota", {
    description:
      "An omitted field keeps its value; null removes the user's own value, so that the quota's applies again.",
  });

/** A partial change of a user's own values: fields that are undefined stay as they are. */
export type Override = z.output<typeof overrideSchema>;

/** The body that assigns a quota to a user. */
export const assignSchema = z
  .strictObject({
    quota_id: z
      .uuid("must be a UUID")
      .transform((id) => id.toLowerCase())
      .openapi({ description: "The quota that the user gets." }),
  })
  .openapi("AssignQuota", { description: "The quota to assign." });

const maxUsersAtOnce = 10_000;

/** The body that assigns a quota to up to 10,000 users. */
export const assignManySchema = z
  .strictObject({
    user_ids: z
      .array(userIdField)
      .min(1, "must name at least one user")
      .max(maxUsersAtOnce, `must name at most ${maxUsersAtOnce} users`)
      .refine((ids) => new Set(ids).size === ids.length, "must name each user once")
      .openapi({ description: "The users that get the quota, each once.", example: ["user456", "user789"] }),
    atomic: z
      .boolean()
      .default(true)
      .describe("True: all users get the quota, or none. False: each user has a result of its own."),
  })
  .openapi("AssignQuotaToUsers", { description: "Users that get the quota." });

const assignFailureSchema = errorBodySchema.openapi("AssignFailure", {
  description: "The body of the failure that a request for one user alone would have had.",
});

const assignResultSchema = z
  .object({
    user_id: z.string().openapi({ description: "The user that this result is about.", example: "user456" }),
    status: z.int().openapi({
      description: "The status that a request for this user alone would have had: 201 if the user got the quota.",
      example: 201,
    }),
    error: assignFailureSchema
      .nullable()
      .openapi({ description: "Why the user did not get the quota; null on success." }),
  })
  .openapi("AssignResult", { description: "The result of an assignment to many users, for one of them." });

/** The result of an assignment to many, for one user: 201, or the status and body of the failure. */
export type AssignResult = z.infer<typeof assignResultSchema>;

/** One result a user, in the order of the request. */
export const assignResultsSchema = z
  .object({ results: z.array(assignResultSchema).describe("One result for each user, in the order of the request.") })
  .openapi("AssignResults", { description: "The results of an assignment to many users." });

const userFilters = {
  exceeded: booleanParameter
    .optional()
    .describe("True: users with a quota of which nothing remains. False: users without such a quota."),
  expiring_before: timeParameter.optional().describe("Users with a quota that expires before this time."),
};

/** The query parameters that may also be written as `filter[name]`. */
export const userFilterNames = Object.keys(userFilters);

/** The query of the list of users that have quotas. */
export const listUsersSchema = z.strictObject({ ...userFilters, ...pageParameters(["user_id"]) });

/** The query of the list of users that have quotas, parsed. */
export type ListUsers = z.output<typeof listUsersSchema>;

/** A user with all its quotas, in answers. */
export const quotaUserSchema = z
  .object({
    user_id: z.string().openapi({ description: "The platform's id of the user.", example: "user123" }),
    quotas: z.array(userQuotaSchema).describe("All quotas of the user, at most one of each type."),
  })
  .openapi("UserWithQuotas", { description: "A user that has at least one quota." });

/** A user with all its quotas, in answers. */
export type QuotaUser = z.infer<typeof quotaUserSchema>;
