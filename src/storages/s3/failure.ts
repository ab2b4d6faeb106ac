import type { Reason } from "./reasons.ts";

/** What can be told of a failed call: all of it may be shown to who is responsible for the storage. */
export interface S3Fault {
  readonly reason: Reason;
  readonly hint: string;
  /** Of the server's answer; null when there was none. */
  readonly http_status: number | null;
}

/** A call to an object store failed. The cause is for the log, and is already free of what the server sent. */
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
