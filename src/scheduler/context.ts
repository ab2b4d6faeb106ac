import type { Engine } from "../engines/engine.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Logger } from "../platform/log.ts";
import type { SchedulerMetrics } from "./metrics.ts";
import type { LeaseSettings } from "./renew/leases.ts";

export interface PickNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SchedulerMetrics;
  readonly engine: Engine;
  readonly lease: LeaseSettings;
}
