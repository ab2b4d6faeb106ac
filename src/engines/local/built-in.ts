/**
 * The code of a job that runs in this process. It must end soon after `signal` aborts. The message of a thrown Failure becomes the
 * error of the session; any other error is logged, and users get a general message.
 *
 * @returns the result of the run
 */
export type BuiltInJob = (
  runConfig: Record<string, unknown>,
  context: { readonly signal: AbortSignal },
) => Promise<Record<string, unknown>>;

/** A job that runs in this process, as the engine offers it. */
export interface BuiltIn {
  readonly name: string;
  readonly kinds: readonly number[];
  readonly description: string;
  readonly run: BuiltInJob;
}
