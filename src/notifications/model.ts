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
  .openapi({
    type: "string",
    format: "uri",
    description:
      "The URL that receives the messages: https, or http where the configuration allows it, without user, password and fragment.",
    example: "https://hooks.example.org/eom",
  });

const enableField = z
  .boolean()
  .describe("Whether events are sent. Events of the time in which it is disabled are not sent later.");

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
    description: `The events that are sent: any of ${eventPatterns.join(", ")}.`,
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
    enable: enableField.default(true),
    labels: labelsField.default({}),
    secret: secretField.default(null),
  })
  .openapi("CreateWebhook", {
    description: "A new webhook: an address, and the events that it receives.",
    example: { address: "https://hooks.example.org/eom", event_types: ["session.*", "schedule.auto_disabled"] },
  });

/** The body of an update: a field that is left out keeps its value. A secret that is given, null too, starts a rotation. */
export const updateWebhookSchema = z
  .strictObject({
    address: addressField.optional(),
    event_types: eventTypesField.optional(),
    description: descriptionField.optional(),
    enable: enableField.optional(),
    labels: labelsField.optional(),
    secret: secretField.optional(),
  })
  .openapi("UpdateWebhook", {
    description:
      "The fields of a webhook that change; the others stay as they are. A secret, null too, takes the place of the present one, which also signs for another day.",
    example: { event_types: ["*"], enable: true },
  });

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

/** As {@link AttemptError}, in answers. */
export const attemptErrorField = z.enum(attemptErrors).openapi("AttemptError", {
  description:
    "Why an attempt to send a message failed. The guide of notifications explains each word; words may be added.",
});

/** A webhook as the API answers it, without its secret. */
export const webhookSchema = z
  .object({
    id: idField,
    address: z.string().openapi({
      description: "The URL that receives the messages, as a URL parser writes it.",
      example: "https://hooks.example.org/eom",
    }),
    event_types: z.array(z.string()).openapi({
      description: "The events that are sent: `*` for all, `session.*` for all of an object, or a type by its name.",
      example: ["session.*", "schedule.auto_disabled"],
    }),
    description: z.string().nullable().describe("Free text for people; null if there is none."),
    enable: enableField,
    disabled_reason: z
      .enum(["gone"])
      .nullable()
      .openapi({ description: "Why EOM disabled it: `gone` if its receiver answered 410 Gone. Otherwise null." }),
    labels: labelsField,
    previous_secret_until: timeField.nullable().openapi({
      description: "Until then messages are signed with the previous secret too. Null outside a rotation.",
    }),
    state: z
      .enum(webhookStates)
      .openapi({ description: "failing from the first failed attempt until the next success." }),
    consecutive_failures: z
      .int()
      .min(0)
      .openapi({ description: "Failed attempts since the last success.", example: 0 }),
    last_success: timeField.nullable().describe("When a message was last received. Null if none was."),
    last_failure: timeField.nullable().describe("When an attempt last failed. Null if none did."),
    last_error: attemptErrorField
      .nullable()
      .openapi({ description: "Why the last failed attempt failed. Null if none did." }),
    deliveries: z
      .object({
        pending: z.int().min(0).openapi({ description: "Messages that are still to be sent.", example: 0 }),
        dead: z.int().min(0).openapi({ description: "Messages whose attempts are used up.", example: 0 }),
      })
      .openapi("DeliveryCounts", { description: "Deliveries by state, each counted up to 10000." }),
    ...historyFields,
  })
  .openapi("Webhook", { description: "An address that receives events, and how its last attempts went." });

/** A webhook as the API answers it. */
export type Webhook = z.infer<typeof webhookSchema>;

/** The answer to a create and an update: the only answers with a field for the secret. */
export const writtenWebhookSchema = webhookSchema
  .extend({
    secret: z.string().nullable().openapi({ description: "The secret that EOM created, shown once; otherwise null." }),
  })
  .openapi("WrittenWebhook", {
    description: "A webhook after it was created or changed, with a secret that EOM created.",
  });

/** The answer to a create and an update. */
export type WrittenWebhook = z.infer<typeof writtenWebhookSchema>;

const webhookFilters = {
  ...objectFilters,
  state: z.array(z.enum(webhookStates)).max(2).optional().describe("Only webhooks in one of these states."),
};

/** Query parameters of the list that filter it; the others page and sort it. */
export const webhookFilterNames = Object.keys(webhookFilters);

/** The query of the list. */
export const listWebhooksSchema = z.strictObject({ ...webhookFilters, ...pageParameters(["created", "modified"]) });

/** A parsed query of the list. */
export type ListWebhooks = z.output<typeof listWebhooksSchema>;
