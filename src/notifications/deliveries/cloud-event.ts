/** An event of the outbox, as it is told. */
export interface OutboxEvent {
  readonly id: string;
  readonly type: string;
  readonly kind: string;
  readonly object_id: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly created: Date;
}

export const cloudEventMediaType = "application/cloudevents+json";

/**
 * CloudEvents 1.0, structured JSON. The same bytes at each attempt: id and time are the event's, and the fields of jsonb have
 * one order. `type` says whose event it is, as CloudEvents wants it; the rest is the name in `event_types`.
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

/** Parts deployments that tell the same receiver. */
export function toSource(deploymentId: string): string {
  return `urn:uuid:${deploymentId}`;
}
