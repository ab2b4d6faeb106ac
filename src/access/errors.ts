import { type Failure, fail } from "../platform/failure.ts";
import { isUuid } from "../platform/id.ts";

/** TOKEN_NOT_FOUND. A text that is no UUID may be the token itself, pasted: the message does not repeat it. */
export function tokenNotFound(id: string): Failure {
  return fail(
    "TOKEN_NOT_FOUND",
    isUuid(id)
      ? `Token with id '${id}' does not exist`
      : "There is no such token: its id is a UUID, and is not the token itself",
    null,
  );
}

/** UNAUTHENTICATED for a header without a bearer token. It does not repeat the header, which may be a token without its scheme. */
export function schemeRefused(): Failure {
  return fail(
    "UNAUTHENTICATED",
    "The Authorization header must be 'Bearer <token>': the word Bearer, a space, and the token",
    null,
  );
}

/** UNAUTHENTICATED for a gateway that sends several lines of a header from which identity or role is read. */
export function headerRepeated(userHeader: string, roleHeader: string): Failure {
  return fail(
    "UNAUTHENTICATED",
    `The gateway must send ${userHeader} and ${roleHeader} once each, and must remove them from the client's request`,
    null,
  );
}

/** UNAUTHENTICATED, in one sentence for every reason: a caller without a valid token learns nothing about other tokens. */
export function tokenRefused(): Failure {
  return fail("UNAUTHENTICATED", "The token is not known here, was revoked, or has expired", null);
}
