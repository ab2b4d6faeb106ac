import { errorBodySchema } from "../platform/http/error-body.ts";
import {
  descriptionField,
  historyFields,
  idField,
  instantField,
  labelsField,
  nameField,
  quantityField,
  timeField,
  timeZoneField,
} from "../platform/resource/fields.ts";
import { booleanParameter, objectFilters, pageParameters, timeParameter } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";

/** What is limited, each with the name that the number has in `value`. In the order in which answers list them. */
export const valueNames = { MaxOrderTimes: "max_order_times", MaxSize: "max_size" } as const;

export const quotaTypes = Object.keys(valueNames) as [QuotaType, ...QuotaType[]];

export type QuotaType = keyof typeof valueNames;

export const quotaTypeField = z.enum(["MaxOrderTimes", "MaxSize"], { error: "wants MaxOrderTimes or MaxSize" });

const unitField = z.enum(["day", "week", "month", "year"], { error: "wants day, week, month or year" });

/** So that no expiry lies beyond the year 9999. */
const maxAmount = 3650;

const whole = "wants a whole number";

/** When a quota is over, or begins anew. Calendar units of `after` are those of UTC. */
export const expireSchema = z
  .discriminatedUnion(
    "type",
    [
      z.strictObject({ type: z.literal("never") }),
      z.strictObject({ type: z.literal("at"), at: instantField.transform((at) => at.toISOString()) }),
      z.strictObject({
        type: z.literal("after"),
        amount: z.int(whole).min(1, "wants at least 1").max(maxAmount, `wants at most ${maxAmount}`),
        unit: unitField,
      }),
      z.strictObject({ type: z.literal("every"), unit: unitField, time_zone: timeZoneField.default("UTC") }),
    ],
    { error: "wants a type of never, at, after or every" },
  )
  .openapi("QuotaExpire");

export type Expire = z.output<typeof expireSchema>;

const limitField = quantityField.nullable();

/** One number under the name that fits the type; null is unlimited. */
const valueSchema = z
  .strictObject({ max_order_times: limitField.optional(), max_size: limitField.optional() })
  .openapi("QuotaValue", { example: { max_order_times: 100 } });

type Value = z.output<typeof valueSchema>;

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

/** `type` can change only while nobody has the quota; whether the rest fits it, the service says. */
export const updateQuotaSchema = z
  .strictObject({
    name: nameField.optional(),
    description: descriptionField.optional(),
    type: quotaTypeField.optional(),
    value: valueSchema.optional(),
    expire: expireSchema.optional(),
    enable: z.boolean().optional(),
    labels: labelsField.optional(),
  })
  .openapi("UpdateQuota");

export type CreateQuota = z.output<typeof createQuotaSchema>;
export type UpdateQuota = z.output<typeof updateQuotaSchema>;

interface Misfit {
  readonly path: string[];
  readonly message: string;
}

/** What of `value` and `expire` does not fit the type. */
export function findMisfits({ type, value, expire }: { type: QuotaType; value?: Value; expire?: Expire }): Misfit[] {
  const misfits: Misfit[] = [];
  const wanted = valueNames[type];
  if (value !== undefined && value[wanted] === undefined) {
    misfits.push({ path: ["value", wanted], message: `is required for ${type}: a number, or null for unlimited` });
  }
  for (const name of Object.values(valueNames)) {
    if (value?.[name] !== undefined && name !== wanted) {
      misfits.push({ path: ["value", name], message: `does not fit ${type}, which wants ${wanted}` });
    }
  }
  if (type === "MaxSize" && expire?.type === "every") {
    misfits.push({ path: ["expire", "type"], message: "cannot be every for MaxSize, which is a level and no count" });
  }
  return misfits;
}

/** The number of a value that fits. */
export function toLimit(type: QuotaType, value: Value): number | null {
  return value[valueNames[type]] ?? null;
}

/** As answers tell a limit. */
export function toValue(type: QuotaType, limit: number | null): Value {
  return { [valueNames[type]]: limit };
}

const quotaFields = {
  id: idField,
  name: z.string(),
  description: z.string().nullable(),
  type: quotaTypeField,
  value: valueSchema,
  expire: expireSchema,
  enable: z.boolean(),
  labels: z.record(z.string(), z.string()),
};

export const quotaSchema = z
  .object({
    ...quotaFields,
    assigned_users: z.int().openapi({ description: "How many users have it. Not part of the version." }),
    ...historyFields,
  })
  .openapi("Quota");

export type Quota = z.infer<typeof quotaSchema>;

const states = ["ok", "warning", "exceeded", "expired", "disabled"] as const;

export const usageSchema = z
  .object({
    limit: z.int().nullable().openapi({ description: "Null is unlimited." }),
    used: z.int(),
    reserved: z.int(),
    remaining: z.int().nullable().openapi({ description: "Never negative; null is unlimited." }),
    resets_at: timeField.nullable(),
    state: z.enum(states).openapi({
      description:
        "exceeded: nothing remains (used and reserved reach the limit). warning: they reach EOM_QUOTA_WARNING percent of it.",
    }),
  })
  .openapi("Usage");

export type Usage = z.infer<typeof usageSchema>;

/** The quota's fields as they hold for this user, and what is the user's own. */
export const userQuotaSchema = z
  .object({
    ...quotaFields,
    user_id: z.string(),
    assigned: timeField,
    expires_at: timeField.nullable(),
    overrides: z
      .array(z.enum(["value", "expire", "enable"]))
      .openapi({ description: "Which fields differ from the quota's, for this user." }),
    usage: usageSchema,
    modified: timeField,
    modified_by: z.string(),
    version: z.int().min(1),
  })
  .openapi("UserQuota");

export type UserQuota = z.infer<typeof userQuotaSchema>;

/** Null gives the quota's own value back to the user. */
export const overrideSchema = z
  .strictObject({
    value: valueSchema.nullable().optional(),
    expire: expireSchema.nullable().optional(),
    enable: z.boolean().nullable().optional(),
  })
  .openapi("OverrideUserQuota");

export type Override = z.output<typeof overrideSchema>;

export const assignSchema = z
  .strictObject({ quota_id: z.uuid("wants a UUID").transform((id) => id.toLowerCase()) })
  .openapi("AssignQuota");

const maxUserIdLength = 255;

/** A user is known to the platform, not to EOM: its id is any printable text. */
export const userIdField = z
  .string()
  .min(1, "wants 1 to 255 characters, got none")
  .max(maxUserIdLength, "wants at most 255 characters")
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, "wants printable characters")
  // The same for those whose regular expressions know no properties of Unicode; JSON has no surrogates.
  .openapi({ pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]*$", example: "user123" });

export const maxUsersAtOnce = 10_000;

export const assignManySchema = z
  .strictObject({
    user_ids: z
      .array(userIdField)
      .min(1, "wants at least one user")
      .max(maxUsersAtOnce, `wants at most ${maxUsersAtOnce} users`)
      .refine((ids) => new Set(ids).size === ids.length, "names a user twice"),
    atomic: z.boolean().default(true),
  })
  .openapi("AssignQuotaToUsers");

const assignResultSchema = z.object({
  user_id: z.string(),
  status: z.int(),
  error: errorBodySchema.nullable(),
});

export type AssignResult = z.infer<typeof assignResultSchema>;

/** One a user, in the order given. */
export const assignResultsSchema = z.object({ results: z.array(assignResultSchema) }).openapi("AssignResults");

export const quotaSorts = ["name", "type", "enable", "created", "modified"] as const;

const quotaFilters = {
  ...objectFilters,
  type: z.array(quotaTypeField).max(2).optional(),
};

export const quotaFilterNames = Object.keys(quotaFilters);

export const listQuotasSchema = z.strictObject({ ...quotaFilters, ...pageParameters(quotaSorts) });

export type ListQuotas = z.output<typeof listQuotasSchema>;

const userFilters = { exceeded: booleanParameter.optional(), expiring_before: timeParameter.optional() };

export const userFilterNames = Object.keys(userFilters);

export const listUsersSchema = z.strictObject({ ...userFilters, ...pageParameters(["user_id"]) });

export type ListUsers = z.output<typeof listUsersSchema>;

export const quotaUserSchema = z
  .object({ user_id: z.string(), quotas: z.array(userQuotaSchema) })
  .openapi("UserWithQuotas");

export type QuotaUser = z.infer<typeof quotaUserSchema>;
