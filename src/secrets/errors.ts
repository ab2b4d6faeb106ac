import { type Failure, fail } from "../platform/failure.ts";

/** The credential was written but not in time, or its storage changed meanwhile: nothing was saved, and it will be swept. */
export function credentialAbandoned(): Failure {
  return fail("SECRET_STORE_UNAVAILABLE", "Keeping the credential took too long; nothing was saved, try again", null);
}
