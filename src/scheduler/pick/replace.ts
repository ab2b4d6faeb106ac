import type { RunError } from "../../engines/engine.ts";
import type { DatabaseTransaction } from "../../platform/database/tables.ts";
import { endSessionsIn } from "../../sessions/ends.ts";
import { requestStops } from "../../sessions/queries.ts";
import { isLeased } from "../../sessions/states.ts";
import type { Occupied } from "./overlap.ts";

export const replacedError: RunError = {
  code: "SESSION_REPLACED",
  message: "A newer session of the schedule took its place",
  step: null,
};

export const canceledError: RunError = {
  code: "SESSION_CANCELED",
  message: "The session was canceled before it was launched",
  step: null,
};

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
