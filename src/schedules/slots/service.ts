import { isTimeZone } from "../../platform/resource/fields.ts";
import { listNextInstants } from "../../timing/instants.ts";
import { parseTiming } from "../../timing/parse-timing.ts";
import { requireSchedule } from "../lookup.ts";
import { defaultPolicy, mergePolicy } from "../policy.ts";
import type { ScheduleNeeds } from "../service.ts";
import { listPastSlots } from "./history.ts";
import type { Preview, Slots } from "./model.ts";

/** See {@link createSlotService}. */
export type SlotService = ReturnType<typeof createSlotService>;

/** Reads about slots: the preview of a trigger, and the next and past slots of a schedule. */
export function createSlotService({ db, clock }: Pick<ScheduleNeeds, "db" | "clock">) {
  /** The next instants of a trigger after `from`, or after now. @throws CRON_PARSE_ERROR, VALIDATION_ERROR */
  function preview(input: Preview) {
    const now = clock.now();
    const policy = mergePolicy(defaultPolicy, input.policy);
    const timing = { ...parseTiming({ ...input, policy }, now), policy };
    const from = input.from ?? now;
    return { ...timing, next: toNext(listNextInstants(timing, from, input.count)) };
  }

  /** At most `count` next slots and `count` past entries. @throws SCHEDULE_NOT_FOUND */
  async function list(scheduleId: string, count: number): Promise<Slots> {
    const schedule = await requireSchedule(db, scheduleId);
    const { next_due_at: first } = schedule;
    // Instants after `first` minus 1 ms: `first` itself may be a gap instant, which is no slot.
    const isComputed = first !== null && isTimeZone(schedule.trigger.time_zone);
    const next = !isComputed ? [] : listNextInstants(schedule, new Date(first.getTime() - 1), count);
    return { next: toNext(next), past: await listPastSlots(db, schedule, count, clock.now()) };
  }

  return { preview, list };
}

function toNext(instants: readonly Date[]): { slot: string }[] {
  return instants.map((slot) => ({ slot: slot.toISOString() }));
}
