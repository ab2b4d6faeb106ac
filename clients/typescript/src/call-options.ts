/** The options of one call. */
export interface CallOptions {
  /** Aborts the call, which then rejects with the signal's reason; EOM may have carried out an attempt. */
  readonly signal?: AbortSignal | undefined;
  /** For one attempt, with reading its answer; the client's by default. */
  readonly timeoutMilliseconds?: number | undefined;
  /** For the whole call, with all attempts and pauses; the client's by default. */
  readonly deadlineMilliseconds?: number | undefined;
}

/** The options of a call that creates or counts. */
export interface KeyedOptions extends CallOptions {
  /**
   * 1 to 255 printable ASCII characters, different for every call; a random UUID by default. Use one that is stored with the
   * work, such as an order's id, for a call that must have its effect once even if the caller restarts. EOM keeps it for 24 hours.
   */
  readonly idempotencyKey?: string | undefined;
}

/** The version of an object: an object that was read, its `version`, or an ETag as EOM answers it. */
export type Version = { readonly version: number } | number | string;

/** The options of a call that changes or deletes an object. */
export interface VersionedOptions extends CallOptions {
  /** Only while the object has this version: otherwise the call throws PreconditionFailedError. */
  readonly ifMatch?: Version | undefined;
}

/** The options of a read that is answered with null while the object has a version. */
export interface ConditionalOptions extends CallOptions {
  /** The version that the caller has. */
  readonly ifNoneMatch: Version;
}
