/**
 * A job that runs in this process. It must end soon after `signal` aborts. What it returns is the run's result; what it
 * throws fails the run, and is told to users only if it is a Failure.
 */
export type BuiltInJob = (
  runConfig: Record<string, unknown>,
  context: { readonly signal: AbortSignal },
) => Promise<Record<string, unknown>>;

export interface BuiltIn {
  readonly name: string;
  readonly kinds: readonly number[];
  readonly description: string;
  readonly run: BuiltInJob;
}
