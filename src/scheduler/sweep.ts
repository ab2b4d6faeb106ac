import { sql } from "kysely";
import type { DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { renewLeases } from "./lease.ts";
import { countEnd } from "./metrics.ts";
import type { PickNeeds } from "./pick.ts";
import type { LeasedState } from "./states.ts";
import { endSession, moveSession } from "./transitions.ts";

const batchSize = 100;

export interface SweepSummary {
  /** Claimed, and certainly not launched: to be picked again. */
  readonly requeued: number;
  /** Taken over, to be polled or looked for. */
  readonly adopted: number;
  /** Their run died with the process that had it. */
  readonly failed: number;
}

/** Takes care of the sessions whose holder has given no sign of life for the length of its lease. */
export async function sweep(needs: PickNeeds, signal: AbortSignal): Promise<SweepSummary> {
  // After a long stand-still (a suspended machine, a database that was away) our own leases have run out as well.
  await renewLeases(needs.db, needs.lease);
  const sum = { requeued: 0, adopted: 0, failed: 0 };
  while (!signal.aborted) {
    const fates = await sweepBatch(needs);
    for (const fate of fates) sum[fate] += 1;
    if (fates.length < batchSize) break;
  }
  return sum;
}

type Fate = keyof SweepSummary;

async function sweepBatch(needs: PickNeeds): Promise<Fate[]> {
  const fates = await inTransaction(needs.db, async (tx) => {
    const abandoned = await lockAbandoned(tx);
    const fates: Fate[] = [];
    for (const session of abandoned) fates.push(await decideFate(tx, needs, session));
    return fates;
  });
  countEnd(needs.metrics, "failed", fates.filter((fate) => fate === "failed").length);
  return fates;
}

interface Abandoned {
  readonly id: string;
  readonly state: LeasedState;
  readonly lease_token: number;
  readonly launch_started: Date | null;
  readonly engine: string | null;
}

async function lockAbandoned(tx: DatabaseTransaction): Promise<Abandoned[]> {
  const { rows } = await sql<Abandoned>`
    select id, state, lease_token, launch_started, engine from ailbl_session
    where state in ('claimed', 'running', 'unknown') and lease_expires_at <= now()
    order by id limit ${batchSize} for update skip locked`.execute(tx);
  return rows;
}

async function decideFate(tx: DatabaseTransaction, needs: PickNeeds, session: Abandoned): Promise<Fate> {
  if (session.state === "claimed" && session.launch_started === null) return requeue(tx, needs, session);
  // Of an engine that this deployment has no more, nothing can be asked.
  const canBeAsked = needs.engine.durable && session.engine === needs.engine.name;
  return canBeAsked ? adopt(tx, needs, session) : failLost(tx, needs, session);
}

/** The token counts up, so that the old holder, should it still live, can write nothing more. */
async function requeue(tx: DatabaseTransaction, { clock }: PickNeeds, session: Abandoned): Promise<Fate> {
  const step = { from: "claimed", to: "pending", at: clock.now(), actor: "scheduler", cause: "lease_expired" } as const;
  await moveSession(tx, toFence(session), step, { lease_token: session.lease_token + 1 });
  return "requeued";
}

async function adopt(tx: DatabaseTransaction, { clock, lease }: PickNeeds, session: Abandoned): Promise<Fate> {
  const to = session.state === "claimed" ? "unknown" : session.state;
  const step = { from: session.state, to, at: clock.now(), actor: "scheduler", cause: "taken_over" } as const;
  await moveSession(tx, toFence(session), step, {
    lease_owner: lease.owner,
    lease_token: session.lease_token + 1,
    lease_expires_at: sql`now() + make_interval(secs => ${lease.seconds})`,
  });
  return "adopted";
}

async function failLost(tx: DatabaseTransaction, { clock }: PickNeeds, session: Abandoned): Promise<Fate> {
  const message = "The EOM process that ran it ended before the run did; its work may be half done";
  const at = clock.now();
  const step = { from: session.state, at, actor: "scheduler", cause: "run_lost", message };
  await endSession(tx, toFence(session), step, {
    state: "failed",
    endedAt: at,
    error: { code: "RUN_LOST", message, step: null },
  });
  return "failed";
}

function toFence({ id, lease_token }: Abandoned) {
  return { id, leaseToken: lease_token };
}
