/** A row of the outbox (eom_event), as a message needs it. */
export interface OutboxEvent {
  readonly id: string;
  readonly type: string;
  readonly kind: string;
  readonly object_id: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly created: Date;
}

/** The content type of a message (CloudEvents JSON format, structured mode). */
export const cloudEventMediaType = "application/cloudevents+json";

/**
 * The body of a message: a CloudEvent 1.0 in structured JSON. Every attempt sends the same bytes, because id and time are the
 * event's and jsonb has one order of fields. `type` gets the prefix `eom.`, because CloudEvents asks for a type that names its
 * producer: `session.failed` becomes `eom.session.failed`.
 */
export function toCloudEvent(source: string, event: OutboxEvent): string {
  return JSON.stringify({
    specversion: "1.0",
    id: event.id,
    source,
    type: `eom.${event.type}`,
    subject: `${event.kind}/${event.object_id}`,
    time: event.created.toISOString(),
    datacontenttype: "application/json",
    data: event.data,
  });
}

/** The `source` of every message of a deployment. Tells two deployments apart that send to the same receiver. */
export function toSource(deploymentId: string): string {
  return `urn:uuid:${deploymentId}`;
}
