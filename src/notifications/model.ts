import { eventTypes } from "../platform/events/types.ts";
import { descriptionField, historyFields, idField, labelsField, timeField } from "../platform/resource/fields.ts";
import { objectFilters, pageParameters } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { findSecretProblem } from "./secret.ts";

const maxAddressLength = 2000;

/** Spelled in one way; where EOM may send to is judged by address.ts. */
const addressField = z
  .string()
  .trim()
  .max(maxAddressLength, `wants at most ${maxAddressLength} characters`)
  .transform((text, context) => {
    const url = URL.parse(text);
    const problem = url === null ? "wants a URL such as https://hooks.example.org/eom" : findAddressProblem(url);
    if (problem === null && url !== null) return url.href;
    context.addIssue({ code: "custom", message: problem ?? "" });
    return z.NEVER;
  })
  .openapi({ type: "string", format: "uri", example: "https://hooks.example.org/eom" });

function findAddressProblem(url: URL): string | null {
  if (url.protocol !== "https:" && url.protocol !== "http:") return "wants https, or http where that is allowed";
  if (url.username !== "" || url.password !== "") return "wants a URL without a user and a password";
  return url.hash === "" ? null : "wants a URL without a fragment";
}

const typeNames = Object.keys(eventTypes);
const familyNames = [...new Set(typeNames.map((type) => `${type.split(".")[0]}.*`))];

/** What may stand in `event_types`: a type, all of an object, or all. */
export const eventPatterns: readonly string[] = ["*", ...familyNames, ...typeNames];

const eventTypesField = z
  .array(
    z.string().refine((pattern) => eventPatterns.includes(pattern), {
      error: ({ input }) => `has the type ${JSON.stringify(input)}; wants one of ${eventPatterns.join(", ")}`,
    }),
  )
  .min(1, "wants at least one type; * stands for all")
  .max(100, "wants at most 100 types")
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
    description: "`whsec_` and base64 of 24 to 64 bytes; null has EOM make one, shown once, in this answer.",
  });

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

export type CreateWebhook = z.output<typeof createWebhookSchema>;
export type UpdateWebhook = z.output<typeof updateWebhookSchema>;

export const webhookStates = ["healthy", "failing"] as const;
export type WebhookState = (typeof webhookStates)[number];

/** Why an attempt failed: a published list that grows. */
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
export type AttemptError = (typeof attemptErrors)[number];

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
      .openapi({ description: "Why EOM itself disabled it: its receiver answered 410 Gone." }),
    labels: z.record(z.string(), z.string()),
    previous_secret_until: timeField
      .nullable()
      .openapi({ description: "Until then the secret before this one signs as well." }),
    state: z.enum(webhookStates).openapi({ description: "How the last attempt went." }),
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

export type Webhook = z.infer<typeof webhookSchema>;

/** The answers that alone may hold the secret. */
export const writtenWebhookSchema = webhookSchema
  .extend({ secret: z.string().nullable().openapi({ description: "Shown once, when EOM has made it; else null." }) })
  .openapi("WrittenWebhook");

export type WrittenWebhook = z.infer<typeof writtenWebhookSchema>;

const webhookFilters = { ...objectFilters, state: z.array(z.enum(webhookStates)).max(2).optional() };
export const webhookFilterNames = Object.keys(webhookFilters);
export const listWebhooksSchema = z.strictObject({ ...webhookFilters, ...pageParameters(["created", "modified"]) });
export type ListWebhooks = z.output<typeof listWebhooksSchema>;
