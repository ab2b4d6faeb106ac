import { setMaxListeners } from "node:events";
import { Agent, buildConnector } from "undici";

/** How connections are made. */
interface FetchAgentOptions {
  /** Limit for one connection, with its TLS handshake. */
  readonly connectSeconds: number;
  /** How long an idle connection is kept; the default is undici's, 4 s. */
  readonly keepAliveSeconds?: number;
  /** PEM of the authorities that https trusts in place of the public authorities. */
  readonly ca?: string | undefined;
  /** The error of a request whose connection could not be made. Default: the cause itself. */
  readonly toConnectError?: (cause: Error) => Error;
}

/** Connections for `fetch` of undici. HTTP/1.1 alone. */
export interface FetchAgent {
  readonly dispatcher: Agent;
  /** Ends every connection at once, with the requests on it. Safe to call twice. */
  destroy(): Promise<void>;
}

/** Creates an agent whose `destroy` also ends connections that are being made: undici's own leaves them to their time-outs. */
export function createFetchAgent(options: FetchAgentOptions): FetchAgent {
  const { connectSeconds, keepAliveSeconds, ca, toConnectError = (cause) => cause } = options;
  const ending = new AbortController();
  // One listener for each connection.
  setMaxListeners(0, ending.signal);
  const connect = buildConnector({
    timeout: connectSeconds * 1000,
    allowH2: false,
    signal: ending.signal,
    ...(ca === undefined ? {} : { ca }),
  } as buildConnector.BuildOptions);
  const keepAlive = keepAliveSeconds === undefined ? undefined : keepAliveSeconds * 1000;
  const dispatcher = new Agent({
    connect: (target, callback) =>
      connect(target, (...[cause, socket]) => {
        if (cause === null) callback(null, socket);
        else callback(toConnectError(cause), null);
      }),
    ...(keepAlive === undefined ? {} : { keepAliveTimeout: keepAlive, keepAliveMaxTimeout: keepAlive }),
    allowH2: false,
  });
  return {
    dispatcher,
    async destroy() {
      ending.abort();
      await dispatcher.destroy();
    },
  };
}
