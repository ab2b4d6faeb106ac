import type { IncomingMessage } from "node:http";
import type { Context } from "hono";

/**
 * The address at the other end of the TCP connection, as Node writes it (`::ffff:10.0.0.7` when it listens on IPv6): of
 * the proxy in front, if there is one. Null where there is no connection: in a function, in `app.request`.
 */
export function findPeerAddress(c: Context): string | null {
  const { incoming } = (c.env ?? {}) as { readonly incoming?: IncomingMessage };
  return incoming?.socket.remoteAddress ?? null;
}
