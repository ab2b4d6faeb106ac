interface EventKind {
  /** What happened, for those who choose what they want to be told. */
  readonly about: string;
  /** At which the log tells it. */
  readonly level: "info" | "warn";
}

/**
 * Every type of event, as `object.verb`. The list grows; a type that was published never changes its meaning.
 * docs/reference/events.md shows it, and a test compares the two.
 */
export const eventTypes = {
  "session.succeeded": { about: "a session ended well", level: "info" },
  "session.failed": { about: "a session failed, and is not retried any more", level: "warn" },
  "session.canceled": { about: "a session was canceled", level: "info" },
  "session.lost": { about: "the run of a session cannot be found any more", level: "warn" },
  "session.timed_out": { about: "a session took longer than it may", level: "warn" },
  "schedule.auto_disabled": { about: "a schedule was disabled by its policy", level: "warn" },
  "quota.warning": { about: "a user's usage reached the warning threshold", level: "warn" },
  "quota.exceeded": { about: "nothing remains of a user's quota", level: "warn" },
  "quota.expired": { about: "the time of a user's quota is over", level: "warn" },
  "storage.verification_failed": { about: "a storage that could be used no longer can", level: "warn" },
  "webhook.disabled": { about: "a webhook was disabled, for its receiver answered 410 Gone", level: "warn" },
} as const satisfies Record<string, EventKind>;

export type EventType = keyof typeof eventTypes;

/** At `info` for a type that another version of EOM wrote. */
export function toEventLevel(type: string): EventKind["level"] {
  return Object.hasOwn(eventTypes, type) ? eventTypes[type as EventType].level : "info";
}
