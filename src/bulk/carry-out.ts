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
  endItem,
  listRunningBulks,
  type RunningBulk,
  releaseItems,
} from "./item-queries.ts";
import type { Bulk, BulkAction } from "./model.ts";
import { endBulk } from "./queries.ts";

/** The parts that a turn of bulk works with. Each object is changed by the use case of the single API call. */
export interface BulkNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly schedules: Pick<ScheduleService, "setEnabled">;
  readonly sessions: Pick<SessionService, "cancel" | "trigger" | "retry">;
}

/** The result of a turn of bulk. */
export interface BulkSummary {
  /** Objects changed. */
  readonly acted: number;
  /** Objects whose use case refused; the bulk action lists the reasons. */
  readonly refused: number;
  /** Bulk actions that were ended. */
  readonly bulks_ended: number;
}

const batchSize = 50;
/** Duration of a claim: longer than any turn. */
const claimSeconds = 120;
/** Attempts per item after a fault of EOM or of the database. A refusal is final at once. */
const maxAttempts = 5;

/** Carries out all running bulk actions, one batch of each in turn, until nothing is left to do. */
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

/** Carries out a batch of claimed items. Items that it does not reach are released for other workers. */
async function carryOutBatch(needs: BulkNeeds, bulk: RunningBulk, items: readonly BulkItem[], signal: AbortSignal) {
  const sum = { acted: 0, refused: 0 };
  let begun = 0;
  try {
    for (const item of items) {
      if (signal.aborted) break;
      begun += 1;
      const outcome = await carryOut(needs, bulk, item);
      if (outcome !== "taken") sum[outcome] += 1;
    }
  } finally {
    await releaseItems(needs.db, items.slice(begun));
  }
  return sum;
}

/** `taken`: another worker ended the item, or the bulk action was canceled. */
type ItemOutcome = "acted" | "refused" | "taken";

/** Thrown inside the transaction of an action to roll it back: the item has ended already. */
class EndedAlready extends Error {}

/**
 * Carries out one item.
 *
 * @throws Error that is no refusal; a later turn attempts the item again
 */
async function carryOut(needs: BulkNeeds, bulk: RunningBulk, item: BulkItem): Promise<ItemOutcome> {
  let isEnded = false;
  const beforeCommit: Change<unknown>["beforeCommit"] = async (tx) => {
    if (!(await endItem(tx, item, null))) throw new EndedAlready();
    isEnded = true;
  };
  try {
    await acts[bulk.kind](needs, bulk, item.object_id, { actor: toActor(bulk), beforeCommit });
    // A use case that finds nothing to change commits nothing, so it does not call beforeCommit.
    return isEnded || (await endItem(needs.db, item, null)) ? "acted" : "taken";
  } catch (error) {
    if (error instanceof EndedAlready) return "taken";
    return refuse(needs, item, error);
  }
}

async function refuse({ db, log }: BulkNeeds, item: BulkItem, error: unknown): Promise<ItemOutcome> {
  const isRefusal = error instanceof Failure && toStatus(error).status < 500;
  if (!isRefusal && item.attempts < maxAttempts) throw error;
  if (!isRefusal)
    log.error({ bulk_id: item.bulk_id, object_id: item.object_id, err: error }, "bulk item failed for good");
  const reason = isRefusal
    ? { code: error.code, message: error.message }
    : { code: "INTERNAL_ERROR", message: `It failed ${maxAttempts} times by a fault of EOM: see EOM's log` };
  return (await endItem(db, item, reason)) ? "refused" : "taken";
}

/** The actor of the audit entries: the caller that created the bulk action, with the id of the bulk action as the request id. */
function toActor({ id, created_by, on_behalf_of }: RunningBulk): Actor {
  return { subject: created_by, onBehalfOf: on_behalf_of, requestId: id };
}

type Act = (needs: BulkNeeds, bulk: RunningBulk, id: string, change: Change<unknown>) => Promise<unknown>;

const acts: Readonly<Record<Bulk["kind"], Act>> = {
  session: ({ sessions }, { id: bulkId, action }, id, change) => {
    if (action === "cancel") return sessions.cancel(id, change);
    if (action === "retry") return sessions.retry(id, change, bulkId);
    throw unsupported("session", action);
  },
  schedule: ({ schedules, sessions }, { id: bulkId, action, note }, id, change) => {
    if (action === "trigger") return sessions.trigger(id, change, bulkId);
    if (action === "enable" || action === "disable") return schedules.setEnabled(id, action === "enable", note, change);
    throw unsupported("schedule", action);
  },
};

/** Unreachable: a constraint of ailbl_bulk allows each kind its own actions only. */
function unsupported(kind: Bulk["kind"], action: BulkAction): Error {
  return new Error(`A bulk action on a ${kind} cannot be ${action}`);
}
