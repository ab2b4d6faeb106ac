import { type EventType, eventTypes } from "../../events/types.ts";
import { timeField } from "../../resource/fields.ts";
import { z } from "../../resource/schema.ts";
import { toMessageExample } from "./examples.ts";

const names = Object.keys(eventTypes) as EventType[];

/** Headers by which a receiver checks a message (Standard Webhooks). */
const headers = z.object({
  "webhook-id": z.string().describe("The event: a receiver that keeps it can refuse repeated messages."),
  "webhook-timestamp": z.string().describe("When this attempt was sent, in seconds since 1970."),
  "webhook-signature": z
    .string()
    .describe("`v1,` and the signature in Base64; during a rotation two, with a space between."),
});

/** The webhooks of the document: each type of event as the message that a receiver gets. */
export function listWebhooks() {
  return names.map((type) => ({
    method: "post" as const,
    path: type,
    operationId: toOperationId(type),
    tags: ["webhooks"],
    summary: `${eventTypes[type].about.replace(/^./, (first) => first.toUpperCase())}`,
    description: `The message of the event \`${type}\`. Its guide: docs/guides/notifications.md.`,
    request: {
      headers,
      body: {
        required: true,
        description: "The event.",
        content: { "application/cloudevents+json": { schema: toMessage(type), ...toMessageExample(type) } },
      },
    },
    responses: {
      "2XX": { description: "The message was received." },
      "410": { description: "The receiver wants no more messages: EOM disables the webhook." },
      default: { description: "The message was not received: EOM sends it again, for a day." },
    },
  }));
}

function toOperationId(type: EventType): string {
  return `on${type.replace(/(?:^|[._])([a-z])/g, (_, letter: string) => letter.toUpperCase())}`;
}

/** CloudEvents 1.0 as JSON. */
function toMessage(type: EventType) {
  return z
    .object({
      specversion: z.literal("1.0").describe("The version of CloudEvents."),
      id: z.uuid().describe("The event; the same in every attempt and in the header `webhook-id`."),
      source: z.string().describe("The deployment, as a URN."),
      type: z.literal(`eom.${type}`).describe("The type of the event."),
      subject: z.string().describe("The object: its kind and its id."),
      time: timeField.describe("When it happened."),
      datacontenttype: z.literal("application/json").describe("The media type of `data`."),
      data: eventTypes[type].data,
    })
    .openapi(`${toOperationId(type).slice(2)}Event`, { description: `The message of the event ${type}.` });
}
