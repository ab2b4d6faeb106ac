import type { IncomingMessage } from "node:http";
import type { Context } from "hono";

/** The request as Node has it. Null where there is no connection: in a function, in `app.request`. */
export function findIncoming(c: Context): IncomingMessage | null {
  const { incoming } = (c.env ?? {}) as { readonly incoming?: IncomingMessage };
  return incoming ?? null;
}

/**
 * The address at the other end of the TCP connection, as Node writes it: `10.0.0.7`, or `::ffff:10.0.0.7` where the server
 * listens on IPv6. Behind a proxy it is the proxy's. Null where there is no connection: in a function, in `app.request`.
 */
export function findPeerAddress(incoming: IncomingMessage | null): string | null {
  return incoming?.socket.remoteAddress ?? null;
}
