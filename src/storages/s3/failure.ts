import type { Reason } from "./reasons.ts";

/** A failed call in words that may be shown to the owner of the storage. */
export interface S3Fault {
  readonly reason: Reason;
  readonly hint: string;
  /** Status of the server's answer; null when there was none. */
  readonly http_status: number | null;
}

/** A failed call to an object store. The cause is for the log; it has no text of the server's answer. */
export class S3Failure extends Error implements S3Fault {
  readonly reason: Reason;
  readonly hint: string;
  readonly http_status: number | null;

  constructor(fault: S3Fault, cause?: Error) {
    super(`${fault.hint} (${fault.reason})`, cause === undefined ? undefined : { cause });
    this.name = "S3Failure";
    this.reason = fault.reason;
    this.hint = fault.hint;
    this.http_status = fault.http_status;
  }
}
