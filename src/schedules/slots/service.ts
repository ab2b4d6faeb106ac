import { listNextInstants } from "../../timing/instants.ts";
import { parseTiming } from "../../timing/parse-timing.ts";
import { requireSchedule } from "../lookup.ts";
import { defaultPolicy, type Policy } from "../policy.ts";
import type { ScheduleNeeds } from "../service.ts";
import { listPastSlots } from "./history.ts";
import type { Preview, Slots } from "./model.ts";

export type SlotService = ReturnType<typeof createSlotService>;

/** What can be asked about instants. */
export function createSlotService({ db, clock }: Pick<ScheduleNeeds, "db" | "clock">) {
  /** Instants after `from`, or after now. @throws CRON_PARSE_ERROR, VALIDATION_ERROR */
  function preview(input: Preview) {
    const now = clock.now();
    const policy: Policy = Object.assign({}, defaultPolicy, input.policy);
    const timing = { ...parseTiming({ ...input, policy }, now), policy };
    const from = input.from ?? now;
    return { ...timing, next: toNext(listNextInstants(timing, from, input.count)) };
  }

  /** At most `count` that come, and `count` that were. @throws SCHEDULE_NOT_FOUND */
  async function list(scheduleId: string, count: number): Promise<Slots> {
    const schedule = await requireSchedule(db, scheduleId);
    const { next_due_at: first } = schedule;
    // From it and not after it: it may be an instant that only a scan looks at, to say that it was left out.
    const next = first === null ? [] : listNextInstants(schedule, new Date(first.getTime() - 1), count);
    return { next: toNext(next), past: await listPastSlots(db, schedule, count, clock.now()) };
  }

  return { preview, list };
}

function toNext(instants: readonly Date[]): { slot: string }[] {
  return instants.map((slot) => ({ slot: slot.toISOString() }));
}
