import { eventTypes } from "../platform/events/types.ts";
import { descriptionField, historyFields, idField, labelsField, timeField } from "../platform/resource/fields.ts";
import { objectFilters, pageParameters } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { findSecretProblem } from "./signature.ts";

const maxAddressLength = 2000;

/** Normalised by URL parsing. Whether EOM may send to it is checked by address.ts, which needs the egress policy. */
const addressField = z
  .string()
  .trim()
  .max(maxAddressLength, `must have at most ${maxAddressLength} characters`)
  .transform((text, context) => {
    const url = URL.parse(text);
    const problem = url === null ? "must be a URL such as https://hooks.example.org/eom" : findAddressProblem(url);
    if (problem === null && url !== null) return url.href;
    context.addIssue({ code: "custom", message: problem ?? "" });
    return z.NEVER;
  })
  .openapi({ type: "string", format: "uri", example: "https://hooks.example.org/eom" });

function findAddressProblem(url: URL): string | null {
  if (url.protocol !== "https:" && url.protocol !== "http:") return "must be https, or http where that is allowed";
  if (url.username !== "" || url.password !== "") return "must not have a user or a password";
  return url.hash === "" ? null : "must not have a fragment";
}

const typeNames = Object.keys(eventTypes);
const familyNames = [...new Set(typeNames.map((type) => `${type.split(".")[0]}.*`))];

/** The values that `event_types` accepts: `*` for all types, `session.*` for all types of an object, or a type by name. */
export const eventPatterns: readonly string[] = ["*", ...familyNames, ...typeNames];

const eventTypesField = z
  .array(
    z.string().refine((pattern) => eventPatterns.includes(pattern), {
      error: ({ input }) => `has the type ${JSON.stringify(input)}; must be one of ${eventPatterns.join(", ")}`,
    }),
  )
  .min(1, "must name at least one type; * stands for all")
  .max(100, "must name at most 100 types")
  .transform((patterns) => [...new Set(patterns)])
  .openapi({
    type: "array",
    items: { type: "string" },
    description: `Any of ${eventPatterns.join(", ")}.`,
    example: ["session.*", "schedule.auto_disabled"],
  });

const secretField = z
  .string()
  .superRefine((secret, context) => {
    const problem = findSecretProblem(secret);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
  })
  .nullable()
  .openapi({
    writeOnly: true,
    type: ["string", "null"],
    pattern: "^whsec_[A-Za-z0-9+/]{32,86}={0,2}$",
    description:
      "`whsec_` and base64 of 24 to 64 bytes. Null: EOM creates a secret and shows it once, in the answer to this request.",
  });

/** The body of a create. */
export const createWebhookSchema = z
  .strictObject({
    address: addressField,
    event_types: eventTypesField,
    description: descriptionField.default(null),
    enable: z.boolean().default(true),
    labels: labelsField.default({}),
    secret: secretField.default(null),
  })
  .openapi("CreateWebhook");

/** The body of an update: a field that is left out keeps its value. A secret that is given, null too, starts a rotation. */
export const updateWebhookSchema = z
  .strictObject({
    address: addressField.optional(),
    event_types: eventTypesField.optional(),
    description: descriptionField.optional(),
    enable: z.boolean().optional(),
    labels: labelsField.optional(),
    secret: secretField.optional(),
  })
  .openapi("UpdateWebhook");

/** A parsed create. */
export type CreateWebhook = z.output<typeof createWebhookSchema>;

/** A parsed update. */
export type UpdateWebhook = z.output<typeof updateWebhookSchema>;

/** `failing` from the first failed attempt until the next success. */
export const webhookStates = ["healthy", "failing"] as const;

/** The outcome of the last attempt. */
export type WebhookState = (typeof webhookStates)[number];

/** Why an attempt failed: a published list that grows. docs/guides/notifications.md explains each. */
export const attemptErrors = [
  "timeout",
  "connection_failed",
  "tls_failed",
  "name_not_found",
  "address_forbidden",
  "redirect_refused",
  "http_status",
  "gone",
  "secret_lost",
] as const;

/** Why an attempt failed. */
export type AttemptError = (typeof attemptErrors)[number];

/** A webhook as the API answers it, without its secret. */
export const webhookSchema = z
  .object({
    id: idField,
    address: z.string(),
    event_types: z.array(z.string()),
    description: z.string().nullable(),
    enable: z.boolean(),
    disabled_reason: z
      .enum(["gone"])
      .nullable()
      .openapi({ description: "Why EOM disabled it: `gone` if its receiver answered 410 Gone." }),
    labels: z.record(z.string(), z.string()),
    previous_secret_until: timeField
      .nullable()
      .openapi({ description: "Until then messages are signed with the previous secret too." }),
    state: z.enum(webhookStates).openapi({ description: "The outcome of the last attempt." }),
    consecutive_failures: z.int().min(0),
    last_success: timeField.nullable(),
    last_failure: timeField.nullable(),
    last_error: z.enum(attemptErrors).nullable(),
    deliveries: z
      .object({ pending: z.int().min(0), dead: z.int().min(0) })
      .openapi({ description: "Counted up to 10000." }),
    ...historyFields,
  })
  .openapi("Webhook");

/** A webhook as the API answers it. */
export type Webhook = z.infer<typeof webhookSchema>;

/** The answer to a create and an update: the only answers with a field for the secret. */
export const writtenWebhookSchema = webhookSchema
  .extend({
    secret: z.string().nullable().openapi({ description: "The secret that EOM created, shown once; otherwise null." }),
  })
  .openapi("WrittenWebhook");

/** The answer to a create and an update. */
export type WrittenWebhook = z.infer<typeof writtenWebhookSchema>;

const webhookFilters = { ...objectFilters, state: z.array(z.enum(webhookStates)).max(2).optional() };

/** Query parameters of the list that filter it; the others page and sort it. */
export const webhookFilterNames = Object.keys(webhookFilters);

/** The query of the list. */
export const listWebhooksSchema = z.strictObject({ ...webhookFilters, ...pageParameters(["created", "modified"]) });

/** A parsed query of the list. */
export type ListWebhooks = z.output<typeof listWebhooksSchema>;
