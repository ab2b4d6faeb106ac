interface EventKind {
  /** What happened, for people who choose the events of a webhook. */
  readonly about: string;
  /** The level of its line in the log. */
  readonly level: "info" | "warn";
}

/**
 * Every type of event, as `object.verb`. The list grows; a type that was published never changes its meaning.
 * docs/reference/events.md shows it, and a test compares the two.
 */
export const eventTypes = {
  "session.succeeded": { about: "a session ended well", level: "info" },
  "session.failed": { about: "a session failed, and will not be retried", level: "warn" },
  "session.canceled": { about: "a session was canceled", level: "info" },
  "session.lost": { about: "the run of a session can no longer be found", level: "warn" },
  "session.timed_out": { about: "a session ran longer than its limit", level: "warn" },
  "schedule.auto_disabled": { about: "a schedule was disabled by its policy", level: "warn" },
  "quota.warning": { about: "a user's usage reached the warning threshold", level: "warn" },
  "quota.exceeded": { about: "nothing remains of a user's quota", level: "warn" },
  "quota.expired": { about: "the time of a user's quota is over", level: "warn" },
  "storage.verification_failed": { about: "a storage that passed its verification now fails it", level: "warn" },
  "webhook.disabled": { about: "a webhook was disabled because its receiver answered 410 Gone", level: "warn" },
} as const satisfies Record<string, EventKind>;

/** A type of the table. */
export type EventType = keyof typeof eventTypes;

/** The level of an event in the log; `info` for a type that another version of EOM wrote. */
export function toEventLevel(type: string): EventKind["level"] {
  return Object.hasOwn(eventTypes, type) ? eventTypes[type as EventType].level : "info";
}
