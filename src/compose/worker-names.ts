import { tickNames } from "../scheduler/tick-names.ts";

/** The workers as commands name them: `eom worker --only scan,notify`, `eom tick notify`. */
export const workerNames = [...tickNames, "notify"] as const;

/** A worker. */
export type WorkerName = (typeof workerNames)[number];
