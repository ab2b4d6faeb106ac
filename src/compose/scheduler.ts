import { createBackfillRoutes } from "../backfills/routes.ts";
import { type BackfillService, createBackfillService } from "../backfills/service.ts";
import { createBulkRoutes } from "../bulk/routes.ts";
import { type BulkService, createBulkService } from "../bulk/service.ts";
import { createEngineRoutes } from "../engines/routes.ts";
import { createEngineService, type EngineService } from "../engines/service.ts";
import type { Route } from "../platform/http/route.ts";
import { requireLocked, requireSchedule } from "../schedules/lookup.ts";
import { createScheduleRoutes } from "../schedules/routes.ts";
import { createScheduleService, type ScheduleNeeds, type ScheduleService } from "../schedules/service.ts";
import { createSlotRoutes } from "../schedules/slots/routes.ts";
import { createSlotService, type SlotService } from "../schedules/slots/service.ts";
import { createToggleRoutes } from "../schedules/toggle-routes.ts";
import { createSessionLogRoutes } from "../sessions/log/routes.ts";
import { createSessionLogService, type SessionLogService } from "../sessions/log/service.ts";
import { createSessionRoutes } from "../sessions/routes.ts";
import { createSessionService, type SchedulesOfSessions, type SessionService } from "../sessions/service.ts";
import { createTimelineRoutes } from "../timeline/routes.ts";
import { createTimelineService, type TimelineService } from "../timeline/service.ts";

/** The use cases of the scheduler's rooms. Workers (scheduler/workers.ts) share only the database with them. */
export interface Scheduler {
  readonly schedules: ScheduleService;
  readonly slots: SlotService;
  readonly sessions: SessionService;
  readonly logs: SessionLogService;
  readonly backfills: BackfillService;
  readonly bulks: BulkService;
  readonly timeline: TimelineService;
  readonly engines: EngineService;
}

const schedulesOfSessions: SchedulesOfSessions = {
  require: requireSchedule,
  lock: (tx, id) => requireLocked(tx, id, null),
};

/** Creates the use cases; each owns its transactions. */
export function createScheduler(needs: ScheduleNeeds): Scheduler {
  return {
    schedules: createScheduleService(needs),
    slots: createSlotService(needs),
    sessions: createSessionService({ ...needs, schedules: schedulesOfSessions }),
    logs: createSessionLogService(needs),
    backfills: createBackfillService(needs),
    bulks: createBulkService(needs),
    timeline: createTimelineService(needs),
    engines: createEngineService(needs),
  };
}

/** The scheduler's part of the HTTP contract. */
export function createSchedulerRoutes(scheduler: Scheduler): Route[] {
  const { schedules, slots, sessions, logs, backfills, bulks, timeline, engines } = scheduler;
  return [
    // Before the routes with an id: `bulk` and `preview` would be parsed as ids.
    ...createBulkRoutes(bulks),
    ...createSlotRoutes(slots),
    ...createScheduleRoutes(schedules),
    ...createToggleRoutes(schedules),
    ...createBackfillRoutes(backfills),
    ...createSessionRoutes(sessions),
    ...createSessionLogRoutes(logs),
    ...createTimelineRoutes(timeline),
    ...createEngineRoutes(engines),
  ];
}
