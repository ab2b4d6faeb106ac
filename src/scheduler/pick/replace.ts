import type { DatabaseTransaction } from "../../platform/database/tables.ts";
import { endSessionsIn } from "../../sessions/ends.ts";
import { requestStops } from "../../sessions/queries.ts";
import { isLeased } from "../../sessions/states.ts";
import { replacedError } from "../../sessions/stop.ts";
import type { Occupied } from "./overlap.ts";

/** Ends sessions in favour of a newer session: at once if no worker has leased them, else by a request to their worker. */
export async function replaceSessions(
  tx: DatabaseTransaction,
  sessions: readonly Occupied[],
  now: Date,
): Promise<void> {
  const leased = sessions.filter(({ state }) => isLeased(state));
  await requestStops(
    tx,
    leased.map(({ id }) => id),
    { now, by: "scheduler", reason: "replaced" },
  );
  const waiting = sessions.filter(({ state }) => !isLeased(state));
  await endSessionsIn(
    tx,
    waiting.map(({ id, lease_token, state }) => ({
      id,
      leaseToken: lease_token,
      from: state,
      state: "canceled",
      endedAt: now,
      error: replacedError,
    })),
    { at: now, actor: "scheduler" },
  );
}
