import { toAdvisedError } from "../doctor/database-advice.ts";
import { ConfigError } from "../platform/config/config.ts";
import { toDatabaseFault } from "../platform/database/faults.ts";
import { FolderInUse } from "../platform/database/folder-lock.ts";
import { UsageError } from "./usage.ts";

/** Whether the words or the variables are wrong: exit code 2. */
export function isWrongCall(error: unknown): boolean {
  return error instanceof ConfigError || error instanceof UsageError;
}

/**
 * Turns an error into a sentence for the terminal, the same in `eom doctor` and in every other command. Expected errors, which a person
 * can act on, become one sentence; all others keep their stack.
 */
export function toSentence(error: unknown): string {
  if (error instanceof Error && (isWrongCall(error) || error instanceof FolderInUse)) return error.message;
  const advised = toAdvisedError(error);
  if (advised !== error && advised instanceof Error) return advised.message;
  const fault = toDatabaseFault(error);
  if (fault !== null && error instanceof Error) return `${error.message} (${fault.code})`;
  if (!(error instanceof Error)) return String(error);
  return error.name === "Error" || error.name === "Failure" ? error.message : (error.stack ?? error.message);
}
