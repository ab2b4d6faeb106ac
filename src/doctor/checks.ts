import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "../platform/failure.ts";

const patienceMilliseconds = 15_000;

/** Looks at one thing that must be right for EOM to work. */
export interface Check {
  readonly name: string;
  /**
   * @returns what was found, in a few words
   * @throws an error whose message is a sentence that says what is wrong and what to do
   */
  run(): Promise<string>;
}

export interface Finding {
  readonly check: string;
  readonly status: "ok" | "failed";
  readonly message: string;
}

/** Runs all checks at once, each for at most 15 s; one that fails or hangs keeps no other from running. */
export function runChecks(checks: readonly Check[], milliseconds = patienceMilliseconds): Promise<Finding[]> {
  return Promise.all(checks.map((check) => runCheck(check, milliseconds)));
}

async function runCheck({ name, run }: Check, milliseconds: number): Promise<Finding> {
  const patience = new AbortController();
  const timeout = delay(milliseconds, undefined, { signal: patience.signal }).then(() => {
    throw new Error(`gave no answer within ${milliseconds / 1000} s: see whether what it asks hangs, or is cut off.`);
  });
  try {
    return { check: name, status: "ok", message: await Promise.race([run(), timeout]) };
  } catch (error) {
    return { check: name, status: "failed", message: toSentence(error) };
  } finally {
    patience.abort();
    timeout.catch(() => {});
  }
}

/** The driver's own words help whoever runs the doctor; they hold no password. */
function toSentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error instanceof Failure && error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return `${error.message}${cause}`;
}
