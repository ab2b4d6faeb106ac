import type { LookupAddress } from "node:dns";
import { type AgentOptions, type ClientRequest, type ClientRequestArgs, Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { LookupFunction } from "node:net";
import type { Duplex } from "node:stream";
import { EgressForbidden } from "./forbidden.ts";
import { type Lookup, resolveAllowed } from "./guard.ts";
import type { EgressPolicy } from "./policy.ts";
import { UnaskedUpgrade } from "./unasked-upgrade.ts";

declare module "node:http" {
  interface Agent {
    /** Called by each request for its socket. Node checks that an agent has it; only its types leave it out. */
    addRequest(request: ClientRequest, options: ClientRequestArgs): void;
  }
}

/** Agents of Node that connect to allowed addresses only. */
export interface GuardedAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  /** Closes every socket, and ends connections whose name is still being resolved. Safe to call twice. */
  destroy(): void;
}

/** How guarded agents connect. */
export interface GuardedAgentOptions {
  /** PEM of the authorities that https trusts in place of the public authorities. */
  readonly ca?: string | undefined;
  /** `systemLookup` of guard.ts, but for tests. */
  readonly lookup: Lookup;
}

/** An idle socket is closed after this. Requests under way have limits of their callers. */
const idleMilliseconds = 15_000;

const pool: AgentOptions = {
  keepAlive: true,
  maxSockets: 32,
  maxTotalSockets: 128,
  maxFreeSockets: 4,
  timeout: idleMilliseconds,
};

/**
 * Agents for node:http and node:https. A refusal is the `error` of the request, an EgressForbidden. They use no proxy,
 * whatever the environment says. A request that follows a redirect connects through them again. A peer that switches
 * protocols (101) is an `error` too, an UnaskedUpgrade.
 */
export function createGuardedAgents(policy: EgressPolicy, options: GuardedAgentOptions): GuardedAgents {
  const guard = createGuard(policy, options.lookup);
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
 * Node calls no lookup for a literal address, so a checking lookup would miss it. Therefore the host is resolved and
 * checked before the socket is made, and the socket gets a lookup that returns exactly the checked addresses.
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

/** Without a listener, Node closes the connection and emits neither `response` nor `error`: the request would never end. */
function refuseUpgrade(request: ClientRequest): void {
  request.once("upgrade", (_answer, socket) => {
    socket.destroy();
    request.emit("error", new UnaskedUpgrade());
  });
}

class GuardedHttpAgent extends HttpAgent {
  readonly #guard: Guard;

  constructor(guard: Guard, options: AgentOptions) {
    super(options);
    this.#guard = guard;
  }

  override addRequest(request: ClientRequest, options: ClientRequestArgs): void {
    refuseUpgrade(request);
    super.addRequest(request, options);
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

  override addRequest(request: ClientRequest, options: ClientRequestArgs): void {
    refuseUpgrade(request);
    super.addRequest(request, options);
  }

  override createConnection(options: ClientRequestArgs, connected: Connected): undefined {
    void this.#guard.connect(options, (checked) => super.createConnection(checked), connected);
  }
}
