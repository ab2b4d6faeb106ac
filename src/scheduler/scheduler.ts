import type { Route } from "../platform/http/route.ts";
import { createEngineRoutes } from "./engine-routes.ts";
import { createEngineService, type EngineService } from "./engine-service.ts";
import { createScheduleRoutes } from "./routes.ts";
import { createScheduleService, type ScheduleNeeds, type ScheduleService } from "./service.ts";
import { createSessionRoutes } from "./session-routes.ts";
import { createSessionService, type SessionService } from "./session-service.ts";
import { createSlotRoutes } from "./slot-routes.ts";
import { createSlotService, type SlotService } from "./slot-service.ts";
import { createToggleRoutes } from "./toggle-routes.ts";

/** What the API does; the workers stand beside it (workers.ts), and meet it in the database alone. */
export interface Scheduler {
  readonly schedules: ScheduleService;
  readonly slots: SlotService;
  readonly sessions: SessionService;
  readonly engines: EngineService;
}

export function createScheduler(needs: ScheduleNeeds): Scheduler {
  return {
    schedules: createScheduleService(needs),
    slots: createSlotService(needs),
    sessions: createSessionService(needs),
    engines: createEngineService(needs),
  };
}

/** The scheduler's part of the HTTP contract. */
export function createSchedulerRoutes({ schedules, slots, sessions, engines }: Scheduler): Route[] {
  return [
    // Before the routes with a schedule's id, which `preview` would be taken for.
    ...createSlotRoutes(slots),
    ...createScheduleRoutes(schedules),
    ...createToggleRoutes(schedules),
    ...createSessionRoutes(sessions),
    ...createEngineRoutes(engines),
  ];
}
