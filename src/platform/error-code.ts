/** Chains of causes are short; the bound is for one that leads back to its start. */
const maxCauses = 10;

/**
 * The code of an error of the operating system, of TLS, of a driver or of undici, such as `ECONNREFUSED`. Searched in the
 * error itself, in the first error of an AggregateError (a host with several addresses fails with one for each), then in
 * its cause.
 *
 * @returns null when none of them has a code that is a text
 */
export function findErrorCode(error: unknown): string | null {
  for (const cause of listCauses(error)) if ("code" in cause && typeof cause.code === "string") return cause.code;
  return null;
}

/** A word for a sentence or a log line: the code, else the name of the innermost cause (`TimeoutError`), else `unknown`. */
export function toErrorCode(error: unknown): string {
  return findErrorCode(error) ?? listCauses(error).at(-1)?.name ?? "unknown";
}

/** The error and what lies behind it, the outermost first. */
function listCauses(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let next = error; next instanceof Error && causes.length < maxCauses; ) {
    causes.push(next);
    next = next instanceof AggregateError && next.errors.length > 0 ? next.errors[0] : next.cause;
  }
  return causes;
}
