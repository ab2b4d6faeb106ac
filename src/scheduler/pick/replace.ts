import type { DatabaseTransaction } from "../../platform/database/tables.ts";
import { endSessionsIn } from "../../sessions/ends.ts";
import { requestStops } from "../../sessions/queries.ts";
import { isLeased } from "../../sessions/states.ts";
import { replacedError } from "../../sessions/stop.ts";
import type { Occupied } from "./overlap.ts";

/** Ends what is under way, for a newer session is due: at once while no worker holds it, else its worker is asked to. */
export async function replaceSessions(
  tx: DatabaseTransaction,
  sessions: readonly Occupied[],
  now: Date,
): Promise<void> {
  const held = sessions.filter(({ state }) => isLeased(state));
  await requestStops(
    tx,
    held.map(({ id }) => id),
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
