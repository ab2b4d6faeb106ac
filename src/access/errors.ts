import { type Failure, fail } from "../platform/failure.ts";

export function tokenNotFound(id: string): Failure {
  return fail("TOKEN_NOT_FOUND", `Token with id '${id.slice(0, 100)}' does not exist`, null);
}

/** One sentence for every reason: a caller without a valid token learns nothing about others. */
export function tokenRefused(): Failure {
  return fail("UNAUTHENTICATED", "The token is not known here, was revoked, or has expired", null);
}
