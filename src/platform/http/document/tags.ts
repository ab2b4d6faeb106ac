/** The groups of operations, in the order of the document. */
export const tags = {
  storages: "Where data lives: S3 locations with their credentials, verified before they are saved.",
  quotas: "How much users may use: definitions of quotas, and their assignment to users.",
  metering: "Usage of quotas: check, consume, reserve and commit, adjust, and the ledger of all changes.",
  schedules: "When pipelines run: triggers, slots, policies, and runs by hand.",
  sessions: "Runs of schedules: their states, attempts, logs, retries and cancellation.",
  backfills: "Sessions for slots of the past.",
  bulk: "One action on all sessions or schedules that a filter matches.",
  engines: "What runs sessions: the local engine and Dagster connections.",
  webhooks: "Notifications of events to other systems, with signed deliveries.",
  access: "The caller's identity, and tokens for programs.",
  audit: "Every change: the caller, the object, before and after.",
  system: "Health, metrics, the overview, checks of the installation, and this document.",
} as const satisfies Readonly<Record<string, string>>;

/** The name of a group of operations. */
export type Tag = keyof typeof tags;
