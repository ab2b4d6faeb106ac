import type { IncomingMessage } from "node:http";
import type { Context } from "hono";
import type { Peer } from "../resource/caller.ts";

/** The request as Node has it. Null where there is no connection: in a function, in `app.request`. */
export function findIncoming(c: Context): IncomingMessage | null {
  const { incoming } = (c.env ?? {}) as { readonly incoming?: IncomingMessage };
  return incoming ?? null;
}

/** The peer of a request, if there is a connection. */
export function findPeer(incoming: IncomingMessage | null): Peer | null {
  const address = incoming?.socket.remoteAddress;
  if (incoming === null || address === undefined) return null;
  return { address, isRepeated: (name) => (incoming.headersDistinct[name]?.length ?? 0) > 1 };
}
