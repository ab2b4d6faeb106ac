import type { IncomingMessage } from "node:http";
import { type Failure, invalid } from "../failure.ts";
import { toUnparsed } from "./unparsed.ts";

/**
 * Requires a path that means the same to everybody on its way: URL parsers remove the segments `.` and `..`, also written as `%2e`,
 * while a proxy that lets a path through by its prefix may not.
 *
 * @param target of the request line, before any URL parser: `/eom/%2e%2e/metrics`
 * @throws VALIDATION_ERROR
 */
export function requirePlainPath(target: string): void {
  if (!/^[^?#]*\/(?:\.|%2e){1,2}(?:[/?#]|$)/i.test(target)) return;
  throw invalid("", "must have no segment . or .. in its path, encoded or not", "dot_segment");
}

/** The URL of each request has it: paths and links of EOM have no host, and URL parsers fail at some, such as `1.2.3.4.5`. */
export const placeholderHost = "eom";

/** A host and perhaps a port (RFC 9110, section 7.2): a name, an address, or an IPv6 address in brackets. */
const hostPattern = /^(?:\[[\da-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?$/i;

/**
 * The failure of a request that RFC 9112, section 3.2 has servers refuse for its Host: HTTP/1.1 without one, several, or one that
 * is no host. Null for all others.
 */
export function findHostFailure({ headersDistinct, httpVersion }: IncomingMessage): Failure | null {
  const [host, ...others] = headersDistinct["host"] ?? [];
  if (host === undefined) return httpVersion === "1.0" ? null : toUnparsed("its Host header is missing");
  if (others.length > 0) return toUnparsed("it has several Host headers");
  return hostPattern.test(host) ? null : toUnparsed("its Host header is no host");
}
