import { type Failure, fail } from "../platform/failure.ts";

/** `reason`: a sentence for people, without a secret. */
export function engineUnreachable(name: string, reason: string): Failure {
  return fail("DAGSTER_ERROR", `The engine '${name}' could not be asked: ${reason}`, { reason });
}

export function engineNotFound(name: string): Failure {
  return fail("ENGINE_NOT_FOUND", `Engine '${name.slice(0, 100)}' is not one of this deployment`, null);
}
