import type { LookupAddress } from "node:dns";
import { type AgentOptions, type ClientRequestArgs, Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { LookupFunction } from "node:net";
import type { Duplex } from "node:stream";
import { EgressForbidden } from "./forbidden.ts";
import { type Lookup, resolveAllowed, systemLookup } from "./guard.ts";
import type { EgressPolicy } from "./policy.ts";

export interface GuardedAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  /** Closes every socket; a connection that is still being resolved comes to nothing. Safe to call twice. */
  destroy(): void;
}

export interface GuardedAgentOptions {
  /** PEM of the authorities that https trusts in place of the public ones. */
  readonly ca?: string | undefined;
  readonly lookup?: Lookup | undefined;
}

/** An idle socket is closed after this; busy ones are left to their users' time limits. */
const idleMs = 15_000;

const pool: AgentOptions = {
  keepAlive: true,
  maxSockets: 32,
  maxTotalSockets: 128,
  maxFreeSockets: 4,
  timeout: idleMs,
};

/**
 * Agents for node:http and node:https that connect to allowed addresses only. A refusal is the request's `error`, an
 * EgressForbidden. They use no proxy, whatever the environment says, and know nothing of redirects: who follows one
 * comes through here again.
 */
export function createGuardedAgents(policy: EgressPolicy, options: GuardedAgentOptions = {}): GuardedAgents {
  const guard = createGuard(policy, options.lookup ?? systemLookup);
  const http = new GuardedHttpAgent(guard, pool);
  const https = new GuardedHttpsAgent(guard, options.ca === undefined ? pool : { ...pool, ca: options.ca });
  return {
    http,
    https,
    destroy() {
      guard.close();
      http.destroy();
      https.destroy();
    },
  };
}

type Connect = (options: ClientRequestArgs) => Duplex | null | undefined;
type Connected = (error: Error | null, stream: Duplex) => void;
type Guard = ReturnType<typeof createGuard>;

/**
 * Node asks no lookup for a literal address, so a lookup of ours would miss those. Therefore everything is resolved and
 * judged before the socket is made, and the socket gets a lookup that answers with exactly what was judged.
 */
function createGuard(policy: EgressPolicy, lookup: Lookup) {
  let closed = false;

  async function connect(options: ClientRequestArgs, open: Connect, connected: Connected): Promise<void> {
    let socket: Duplex | null | undefined;
    try {
      const addresses = await resolveAllowed(policy, lookup, ...readTarget(options));
      if (closed) throw new Error("The agents were closed while the connection was being made");
      socket = open({ ...options, lookup: createPinnedLookup(addresses) });
    } catch (error) {
      return (connected as (error: unknown) => void)(error);
    }
    if (socket) connected(null, socket);
  }

  return {
    connect,
    close(): void {
      closed = true;
    },
  };
}

function readTarget(options: ClientRequestArgs): [host: string, port: number] {
  const { socketPath } = options;
  if (socketPath) throw new EgressForbidden(socketPath, 0, "it is a Unix socket");
  return [options.host ?? "localhost", Number(options.port ?? options.defaultPort)];
}

function createPinnedLookup(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, [...addresses]);
    else callback(null, first?.address ?? "", first?.family);
  };
}

class GuardedHttpAgent extends HttpAgent {
  readonly #guard: Guard;

  constructor(guard: Guard, options: AgentOptions) {
    super(options);
    this.#guard = guard;
  }

  override createConnection(options: ClientRequestArgs, connected: Connected): undefined {
    void this.#guard.connect(options, (checked) => super.createConnection(checked), connected);
  }
}

class GuardedHttpsAgent extends HttpsAgent {
  readonly #guard: Guard;

  constructor(guard: Guard, options: AgentOptions & { ca?: string }) {
    super(options);
    this.#guard = guard;
  }

  override createConnection(options: ClientRequestArgs, connected: Connected): undefined {
    void this.#guard.connect(options, (checked) => super.createConnection(checked), connected);
  }
}
