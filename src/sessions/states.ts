/**
 * ```
 *  pending ──► claimed ──► running ──► succeeded | failed | canceled
 *     │  ▲        │  │        │
 *     │  └────────┤  └─► unknown ──► running | pending | failed | canceled
 *     ▼           ▼
 *  skipped    retry_wait ◄── running, unknown
 * ```
 *
 * `claimed`: a worker has the session and may be launching it. `unknown`: a run may exist, and a search is under way. The trigger
 * ailbl_session_step refuses every other step; test/sessions/states.test.ts compares the two.
 */
export const nextStates = {
  pending: ["claimed", "skipped", "canceled"],
  claimed: ["running", "unknown", "pending", "failed", "canceled", "retry_wait"],
  running: ["succeeded", "failed", "canceled", "retry_wait"],
  unknown: ["running", "pending", "failed", "canceled", "retry_wait"],
  retry_wait: ["claimed", "canceled"],
  succeeded: [],
  failed: [],
  canceled: [],
  skipped: [],
} as const satisfies Record<string, readonly string[]>;

/** A state of a session. */
export type SessionState = keyof typeof nextStates;

/** All states, from `pending` to the end states. */
export const sessionStates = Object.keys(nextStates) as [SessionState, ...SessionState[]];

/**
 * The coarse state on which indexes are: `waiting` (pending), `retrying` (retry_wait), `active` (leased), or an end state. It changes
 * twice in most lives, so that most steps touch no index. The database generates it from the state.
 */
export type Phase = "waiting" | "retrying" | "active" | EndState;

/** The phases in which no worker has the session, and one may claim it. */
export const waitingPhases = ["waiting", "retrying"] as const satisfies readonly Phase[];

/** As the database generates the phase. */
export function toPhase(state: SessionState): Phase {
  if (state === "pending") return "waiting";
  if (state === "retry_wait") return "retrying";
  return isLeased(state) ? "active" : state;
}

/** States in which a worker has a lease on the session. */
export const leasedStates = ["claimed", "running", "unknown"] as const satisfies readonly SessionState[];

/** One of {@link leasedStates}. */
export type LeasedState = (typeof leasedStates)[number];

/** A state without a next state. */
export type EndState = {
  [State in SessionState]: (typeof nextStates)[State] extends readonly [] ? State : never;
}[SessionState];

/** Whether the session has ended for good. */
export function isEnded(state: SessionState): state is EndState {
  return nextStates[state].length === 0;
}

/** Whether a worker has a lease on the session. */
export function isLeased(state: SessionState): state is LeasedState {
  return (leasedStates as readonly SessionState[]).includes(state);
}
