/**
 * ```
 *  pending ──► claimed ──► running ──► succeeded | failed | canceled
 *     │  ▲        │  │        │
 *     │  └────────┤  └─► unknown ──► running | pending | failed | canceled
 *     ▼           ▼
 *  skipped    retry_wait ◄── running, unknown
 * ```
 *
 * `claimed`: a worker has it, and may be launching it. `unknown`: a run may exist, and is looked for. The database holds
 * the same steps (trigger ailbl_session_step).
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

export type SessionState = keyof typeof nextStates;

export const sessionStates = Object.keys(nextStates) as [SessionState, ...SessionState[]];

/** What a session is about, roughly; the database makes it of the state, and its indexes stand on it. */
export type Phase = "waiting" | "retrying" | "active" | EndState;

export function toPhase(state: SessionState): Phase {
  if (state === "pending") return "waiting";
  if (state === "retry_wait") return "retrying";
  return isLeased(state) ? "active" : state;
}

/** States in which a worker holds a lease on the session. */
export const leasedStates = ["claimed", "running", "unknown"] as const satisfies readonly SessionState[];

export type LeasedState = (typeof leasedStates)[number];

export type EndState = {
  [State in SessionState]: (typeof nextStates)[State] extends readonly [] ? State : never;
}[SessionState];

export function isEnded(state: SessionState): state is EndState {
  return nextStates[state].length === 0;
}

export function isLeased(state: SessionState): state is LeasedState {
  return (leasedStates as readonly SessionState[]).includes(state);
}
