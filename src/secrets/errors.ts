import { type Failure, fail } from "../platform/failure.ts";

/** The write of a secret took longer than its intent lasts. Its owner was not saved; the sweeper removes the secret. */
export function credentialAbandoned(): Failure {
  return fail(
    "SECRET_STORE_UNAVAILABLE",
    "Storing the credential took too long and nothing was saved: try again",
    null,
  );
}
