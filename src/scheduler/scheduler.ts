import type { Route } from "../platform/http/route.ts";
import { createEngineRoutes } from "./engine-routes.ts";
import { createEngineService, type EngineService } from "./engine-service.ts";
import { createScheduleRoutes } from "./routes.ts";
import { createScheduleService, type ScheduleNeeds, type ScheduleService } from "./service.ts";
import { createSessionRoutes } from "./session-routes.ts";
import { createSessionService, type SessionService } from "./session-service.ts";

/** What the API does; the workers stand beside it (workers.ts), and meet it in the database alone. */
export interface Scheduler {
  readonly schedules: ScheduleService;
  readonly sessions: SessionService;
  readonly engines: EngineService;
}

export function createScheduler(needs: ScheduleNeeds): Scheduler {
  return {
    schedules: createScheduleService(needs),
    sessions: createSessionService(needs),
    engines: createEngineService(needs),
  };
}

/** The scheduler's part of the HTTP contract. */
export function createSchedulerRoutes({ schedules, sessions, engines }: Scheduler): Route[] {
  return [...createScheduleRoutes(schedules), ...createSessionRoutes(sessions), ...createEngineRoutes(engines)];
}
