import { schemeRefused, tokenRefused } from "./errors.ts";

/** The form of a bearer token. */
interface TokenForm {
  readonly pattern: RegExp;
  /** In characters. A longer text is neither hashed nor decoded. */
  readonly maxLength: number;
}

/**
 * Reads the token of an `Authorization` header. The scheme may be written in any case.
 *
 * @throws UNAUTHENTICATED with a sentence about the header if it is not `Bearer <token>`, else with the sentence of every refused token
 * @example
 * parseBearer("bearer eom_abc", form); // "eom_abc"
 * parseBearer("eom_abc", form); // throws: the header must be "Bearer <token>"
 */
export function parseBearer(header: string, { pattern, maxLength }: TokenForm): string {
  const token = /^Bearer +(.+)$/i.exec(header)?.[1];
  if (token === undefined) throw schemeRefused();
  if (token.length > maxLength || !pattern.test(token)) throw tokenRefused();
  return token;
}
