/** The scheduler's workers as commands name them: `eom worker --only scan,pick`, `eom tick poll`. Loads nothing, for help. */
export const tickNames = ["scan", "backfill", "bulk", "pick", "poll", "auto-disable", "sweep"] as const;

/** A worker of the scheduler. */
export type TickName = (typeof tickNames)[number];
