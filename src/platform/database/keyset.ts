/**
 * Checks that a loop over rows in the order of a text goes forward: it resumes after a text that the database answered, and
 * would never end if the database answered another text than it has. Compares bytes, as the collation "C" does.
 *
 * @throws Error
 */
export function requireAdvance(after: string, next: string): void {
  if (Buffer.compare(Buffer.from(next), Buffer.from(after)) > 0) return;
  throw new Error(`The database answered ${JSON.stringify(next)} as a key after ${JSON.stringify(after)}`);
}
