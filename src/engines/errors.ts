import { type Failure, fail } from "../platform/failure.ts";

/**
 * DAGSTER_ERROR (502): the engine could not be asked.
 *
 * @param reason a sentence for people, without a secret
 */
export function engineUnreachable(name: string, reason: string): Failure {
  return fail("DAGSTER_ERROR", `The engine '${name}' could not be asked: ${reason}`, { reason });
}

/** ENGINE_NOT_FOUND (404): no engine of this deployment has the name. */
export function engineNotFound(name: string): Failure {
  return fail(
    "ENGINE_NOT_FOUND",
    `This deployment has no engine '${name.slice(0, 100)}': GET /ailbl/admin/engines lists its engines`,
    null,
  );
}
