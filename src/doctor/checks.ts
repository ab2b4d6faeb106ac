import { Failure } from "../platform/failure.ts";
import { answerWithin } from "../platform/outbound/answer-within.ts";

/** For each check. */
const checkSeconds = 15;

/** Checks one thing that must be right for EOM to work. */
export interface Check {
  readonly name: string;
  /**
   * @returns the state of the thing in a few words, such as `PostgreSQL 18.1`
   * @throws an error whose message is a sentence: what is wrong, and what to do
   */
  run(): Promise<string>;
}

/** The result of a check. `message` has no secret in it. */
export interface Finding {
  readonly check: string;
  readonly status: "ok" | "failed";
  readonly message: string;
}

/** Runs all checks at once, each for at most {@link checkSeconds}. A check that fails or hangs does not stop the others. */
export function runChecks(checks: readonly Check[]): Promise<Finding[]> {
  return Promise.all(checks.map(runCheck));
}

async function runCheck({ name, run }: Check): Promise<Finding> {
  const failLate = (): never => {
    throw new Error(`no answer within ${checkSeconds} s: look whether the service hangs, or is cut off from EOM.`);
  };
  try {
    return { check: name, status: "ok", message: await answerWithin(checkSeconds, run, failLate) };
  } catch (error) {
    return { check: name, status: "failed", message: toSentence(error) };
  }
}

/** A failure hides its cause from clients; here the driver's own words help, and they contain no password. */
function toSentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error instanceof Failure && error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return `${error.message}${cause}`;
}
