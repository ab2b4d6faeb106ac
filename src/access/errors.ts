import { type Failure, fail } from "../platform/failure.ts";
import { isUuid } from "../platform/id.ts";

export function tokenNotFound(id: string): Failure {
  return fail(
    "TOKEN_NOT_FOUND",
    isUuid(id)
      ? `Token with id '${id}' does not exist`
      : "There is no such token: its id is a UUID, and is not the token itself",
    null,
  );
}

/** One sentence for every reason: a caller without a valid token learns nothing about others. */
export function tokenRefused(): Failure {
  return fail("UNAUTHENTICATED", "The token is not known here, was revoked, or has expired", null);
}
