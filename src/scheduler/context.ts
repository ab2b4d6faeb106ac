import type { BulkNeeds } from "../bulk/carry-out.ts";
import type { Engine } from "../engines/engine.ts";
import type { Engines } from "../engines/registry.ts";
import type { StoragesForRuns } from "../engines/run-storage.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Logger } from "../platform/log.ts";
import type { ClockGuard } from "../platform/worker/clock-guard.ts";
import type { MendPosition } from "./mend/position.ts";
import type { SchedulerMetrics } from "./metrics.ts";
import type { LeaseSettings } from "./renew/leases.ts";
import type { RowPages } from "./row-pages.ts";

/** What every step works with. */
export interface StepContext {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SchedulerMetrics;
  readonly lease: LeaseSettings;
}

/** For a step that works with one engine: a slow engine delays only its own steps. */
export interface EngineContext extends StepContext {
  readonly clockGuard: ClockGuard;
  readonly engine: Engine;
  readonly storages: StoragesForRuns;
  /** Where this process continues in an engine's rows. */
  readonly rowPages: RowPages;
}

/** How a scan takes its work. */
export interface ScanSettings {
  /** Schedules per transaction. */
  readonly batchSize: number;
  /** An instant up to this age is on time and no misfire policy applies. Longer than the pause between two scans. */
  readonly punctualSeconds: number;
}

/** All that one process needs to take every step. */
export interface SchedulerContext extends Omit<EngineContext, "engine">, BulkNeeds {
  readonly engines: Engines;
  readonly mendPosition: MendPosition;
  readonly scan: ScanSettings;
}
