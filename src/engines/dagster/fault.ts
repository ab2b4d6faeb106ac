import { EngineUnreachable } from "../engine.ts";

interface FaultKind {
  /** Whether what was asked may have been carried out all the same. */
  readonly mayHaveRun: boolean;
  /** For those who run EOM. Empty where the message says all. */
  readonly advice: string;
}

const kinds = {
  unreachable: {
    mayHaveRun: false,
    advice: "see that dagster-webserver runs, and that EOM has its address and may reach it",
  },
  untrusted: {
    mayHaveRun: false,
    advice:
      "give EOM the certificate of the authority that signed Dagster's, as a PEM file that NODE_EXTRA_CA_CERTS names",
  },
  redirect: {
    mayHaveRun: false,
    advice: "EOM follows none: give it the address where the redirect leads, or, if that is a login page, credentials",
  },
  "login-page": {
    mayHaveRun: false,
    advice: "see that the address is Dagster's, and that EOM has the headers that the login in front of it wants",
  },
  unauthorized: { mayHaveRun: false, advice: "see that EOM's headers for it hold a valid credential that may do so" },
  "wrong-path": {
    mayHaveRun: false,
    advice: "give EOM the address at which people open Dagster, with its path prefix if it has one, without /graphql",
  },
  busy: { mayHaveRun: false, advice: "it has too much to do: allow EOM more, or let EOM launch less" },
  refused: { mayHaveRun: false, advice: "see what answers at the address" },
  // Dagster answers so before it carries out anything: the document or its variables do not fit its schema.
  schema: { mayHaveRun: false, advice: "this EOM and this Dagster do not fit together: see which versions do" },
  resting: { mayHaveRun: false, advice: "" },
  closed: { mayHaveRun: true, advice: "" },
  "timed-out": { mayHaveRun: true, advice: "see whether Dagster hangs or has too much to do" },
  reset: { mayHaveRun: true, advice: "see whether Dagster, or a proxy before it, was restarted" },
  gateway: { mayHaveRun: true, advice: "the proxy before Dagster cannot reach it: see that dagster-webserver runs" },
  failing: { mayHaveRun: true, advice: "see Dagster's log" },
  unreadable: { mayHaveRun: true, advice: "see that the address is Dagster's, and which versions fit this EOM" },
} as const satisfies Record<string, FaultKind>;

export type DagsterFaultKind = keyof typeof kinds;

/** Dagster could not be asked, or its answer is none that EOM can read. */
export class DagsterFault extends EngineUnreachable {
  readonly kind: DagsterFaultKind;

  /** `message`: a sentence without a full stop; no header, no credential, no query string. */
  constructor(kind: DagsterFaultKind, message: string) {
    super(message);
    this.kind = kind;
  }

  get mayHaveRun(): boolean {
    return kinds[this.kind].mayHaveRun;
  }
}

/** What is wrong and what to do about it. */
export function toAdvice(fault: DagsterFault): string {
  const { advice } = kinds[fault.kind];
  return advice === "" ? fault.message : `${fault.message}: ${advice}`;
}

/** No connection came about: nothing was sent. */
export class Unconnected extends Error {
  override readonly name = "Unconnected";
}
