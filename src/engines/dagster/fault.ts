import { EngineUnreachable } from "../engine.ts";

interface FaultKind {
  /** Whether Dagster may have executed the request. */
  readonly mayHaveRun: boolean;
  /** For the operator of EOM. Empty if the message says everything. */
  readonly advice: string;
}

const kinds = {
  unreachable: {
    mayHaveRun: false,
    advice: "check that dagster-webserver runs, and that EOM has its address and may connect to it",
  },
  untrusted: {
    mayHaveRun: false,
    advice:
      "give EOM the certificate of the authority that signed Dagster's, as a PEM file that NODE_EXTRA_CA_CERTS names",
  },
  redirect: {
    mayHaveRun: false,
    advice:
      "EOM follows no redirect: configure the address to which it leads or, if that is a login page, the headers of a login",
  },
  "login-page": {
    mayHaveRun: false,
    advice: "check that the address is Dagster's, and that EOM has the headers that the login in front of it expects",
  },
  unauthorized: {
    mayHaveRun: false,
    advice: "check that EOM's headers contain a valid credential with this permission",
  },
  "wrong-path": {
    mayHaveRun: false,
    advice: "configure the address at which people open Dagster, with its path prefix if it has one, without /graphql",
  },
  busy: { mayHaveRun: false, advice: "raise its rate limit for EOM, or lower the launch rate of this connection" },
  refused: { mayHaveRun: false, advice: "check which server answers at the address" },
  // Dagster executes nothing: the document or its variables do not fit its schema.
  schema: {
    mayHaveRun: false,
    advice: "this EOM does not support this version of Dagster: check which versions it supports",
  },
  resting: { mayHaveRun: false, advice: "" },
  closed: { mayHaveRun: true, advice: "" },
  "timed-out": { mayHaveRun: true, advice: "check whether Dagster hangs or is overloaded" },
  reset: { mayHaveRun: true, advice: "check whether Dagster, or a proxy in front of it, was restarted" },
  gateway: {
    mayHaveRun: true,
    advice: "the proxy in front of Dagster cannot reach it: check that dagster-webserver runs",
  },
  failing: { mayHaveRun: true, advice: "read Dagster's log" },
  unreadable: { mayHaveRun: true, advice: "check that the address is Dagster's, and which versions this EOM supports" },
} as const satisfies Record<string, FaultKind>;

/** The kinds of faults; also the label `result` of the metric `eom_engine_calls_total`. */
export type DagsterFaultKind = keyof typeof kinds;

/** Dagster could not be asked, or EOM cannot read its answer. */
export class DagsterFault extends EngineUnreachable {
  readonly kind: DagsterFaultKind;

  /** @param message a sentence without a full stop; no header, no credential, no query string */
  constructor(kind: DagsterFaultKind, message: string) {
    super(message);
    this.kind = kind;
  }

  /** Whether Dagster may have executed the request: if so, a launch is unclear. */
  get mayHaveRun(): boolean {
    return kinds[this.kind].mayHaveRun;
  }
}

/** The message of a fault, and what the operator can do. */
export function toAdvice(fault: DagsterFault): string {
  const { advice } = kinds[fault.kind];
  return advice === "" ? fault.message : `${fault.message}: ${advice}`;
}

/** No connection was established, so nothing was sent. */
export class Unconnected extends Error {
  override readonly name = "Unconnected";
}
