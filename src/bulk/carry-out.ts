import type { Actor } from "../platform/audit/record.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import { Failure, toStatus } from "../platform/failure.ts";
import type { Logger } from "../platform/log.ts";
import type { Change } from "../platform/resource/change.ts";
import type { ScheduleService } from "../schedules/service.ts";
import type { SessionService } from "../sessions/service.ts";
import {
  type BulkItem,
  claimItems,
  listRunningBulks,
  type RunningBulk,
  releaseItems,
  settleItem,
} from "./item-queries.ts";
import type { Bulk, BulkAction } from "./model.ts";
import { endBulk } from "./queries.ts";

/** What a turn works with; each object is acted on as a single call of the API would. */
export interface BulkNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly schedules: Pick<ScheduleService, "setEnabled">;
  readonly sessions: Pick<SessionService, "cancel" | "trigger" | "retry">;
}

export interface BulkSummary {
  /** Objects acted on. */
  readonly acted: number;
  /** Objects that refused it; the bulk action tells why. */
  readonly refused: number;
  /** Bulk actions of which nothing is left to do. */
  readonly bulks_ended: number;
}

const batchSize = 50;
/** Longer than any turn. */
const claimSeconds = 120;
/** For a fault of ours or of the database; a refusal is final at once. */
const mostAttempts = 5;

/** Goes on with every bulk action, a batch of each in turn, through the use cases of the single calls. */
export async function carryOutBulks(needs: BulkNeeds, signal: AbortSignal): Promise<BulkSummary> {
  const sum = { acted: 0, refused: 0, bulks_ended: 0 };
  for (let isBusy = true; isBusy && !signal.aborted; ) {
    isBusy = false;
    for (const bulk of await listRunningBulks(needs.db)) {
      const items = await claimItems(needs.db, bulk.id, { limit: batchSize, seconds: claimSeconds });
      if (items.length === 0 && (await endBulk(needs.db, bulk.id, "done", needs.clock.now()))) sum.bulks_ended += 1;
      const { acted, refused } = await carryOutBatch(needs, bulk, items, signal);
      sum.acted += acted;
      sum.refused += refused;
      isBusy ||= acted + refused > 0;
    }
  }
  return sum;
}

/** What it does not come to, others may have at once. */
async function carryOutBatch(needs: BulkNeeds, bulk: RunningBulk, items: readonly BulkItem[], signal: AbortSignal) {
  const sum = { acted: 0, refused: 0 };
  let begun = 0;
  try {
    for (const item of items) {
      if (signal.aborted) break;
      begun += 1;
      const fate = await carryOut(needs, bulk, item);
      if (fate !== "another's") sum[fate] += 1;
    }
  } finally {
    await releaseItems(needs.db, items.slice(begun));
  }
  return sum;
}

type Fate = "acted" | "refused" | "another's";

/** Thrown within the transaction of an action, so that nothing of it stays. */
class SettledAlready extends Error {}

/** @throws what is no refusal: the item is left to a later turn */
async function carryOut(needs: BulkNeeds, bulk: RunningBulk, item: BulkItem): Promise<Fate> {
  let isSettled = false;
  const beforeCommit: Change<unknown>["beforeCommit"] = async (tx) => {
    if (!(await settleItem(tx, item, null))) throw new SettledAlready();
    isSettled = true;
  };
  try {
    await acts[bulk.kind](needs, bulk, item.object_id, { actor: toActor(bulk), beforeCommit });
    // Who finds nothing to change settles nothing.
    return isSettled || (await settleItem(needs.db, item, null)) ? "acted" : "another's";
  } catch (error) {
    if (error instanceof SettledAlready) return "another's";
    return refuse(needs, item, error);
  }
}

async function refuse({ db, log }: BulkNeeds, item: BulkItem, error: unknown): Promise<Fate> {
  const isRefusal = error instanceof Failure && toStatus(error).status < 500;
  if (!isRefusal && item.attempts < mostAttempts) throw error;
  if (!isRefusal) log.error({ bulk_id: item.bulk_id, object_id: item.object_id, err: error }, "bulk item given up");
  const reason = isRefusal
    ? { code: error.code, message: error.message }
    : { code: "INTERNAL_ERROR", message: "It failed again and again by a fault of EOM, which the log tells" };
  return (await settleItem(db, item, reason)) ? "refused" : "another's";
}

/** The trail has each object's entry under who asked for the bulk action, and the bulk action's id in place of the request's. */
function toActor({ id, created_by, on_behalf_of }: RunningBulk): Actor {
  return { subject: created_by, onBehalfOf: on_behalf_of, requestId: id };
}

type Act = (needs: BulkNeeds, bulk: RunningBulk, id: string, change: Change<unknown>) => Promise<unknown>;

const acts: Readonly<Record<Bulk["kind"], Act>> = {
  session: ({ sessions }, { action }, id, change) => {
    if (action === "cancel") return sessions.cancel(id, change);
    if (action === "retry") return sessions.retry(id, change);
    throw unfit("session", action);
  },
  schedule: ({ schedules, sessions }, { action, note }, id, change) => {
    if (action === "trigger") return sessions.trigger(id, change);
    if (action === "enable" || action === "disable") return schedules.setEnabled(id, action === "enable", note, change);
    throw unfit("schedule", action);
  },
};

/** The database holds kind and action together (ailbl_bulk). */
function unfit(kind: Bulk["kind"], action: BulkAction): Error {
  return new Error(`A bulk action on a ${kind} cannot be ${action}`);
}
