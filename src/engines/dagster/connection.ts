import type { Agent } from "undici";
import type { DagsterAddress } from "./address.ts";
import { DagsterFault, Unconnected } from "./fault.ts";
import { judge } from "./judge.ts";

/** 250 runs are 50 KB, 10,000 events 500 KB, a workspace of 10,000 jobs 3 MB. */
const maxAnswerBytes = 16 * 1024 * 1024;

/** undici comes with it, for who asks: most deployments have no Dagster. */
const loadTransport = () => import("./transport.ts");

export interface Query {
  /** As the document names it. */
  readonly operation: string;
  readonly document: string;
  readonly variables: Record<string, unknown>;
  readonly timeoutSeconds: number;
}

export interface Connection {
  /**
   * Asks once, and gives what GraphQL calls the data.
   *
   * @throws DagsterFault alone
   */
  ask(query: Query): Promise<unknown>;
  /** Cuts off what is under way. Safe twice; who asks later has a connection of their own. */
  close(): Promise<void>;
}

/** Speaks GraphQL over HTTP with Dagster: own connections, time limits, no redirects, bounded answers. */
export function createConnection(address: DagsterAddress): Connection {
  const closing = new AbortController();
  let shared: Promise<Agent> | null = null;
  const createAgent = async () => (await loadTransport()).createAgent();
  const askOnce = async (query: Query, agent: Agent, signals: readonly AbortSignal[]): Promise<unknown> => {
    const { operation, document, variables, timeoutSeconds } = query;
    const { post } = await loadTransport();
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutSeconds * 1000), ...signals]);
    const body = JSON.stringify({ operationName: operation, query: document, variables });
    const exchanged = await post(address, body, { agent, signal, maxAnswerBytes }).catch((error: unknown) => {
      throw toFault(address, query, error);
    });
    return judge(address, operation, exchanged);
  };
  return {
    async ask(query) {
      if (!closing.signal.aborted) {
        shared ??= createAgent();
        return askOnce(query, await shared, [closing.signal]);
      }
      const agent = await createAgent();
      try {
        return await askOnce(query, agent, []);
      } finally {
        await agent.destroy();
      }
    },
    async close() {
      closing.abort(new DagsterFault("closed", "EOM was being stopped while it waited for Dagster"));
      await (await shared)?.destroy();
    },
  };
}

/** The error itself is dropped: what undici says may hold what was sent. */
function toFault({ shown }: DagsterAddress, { operation, timeoutSeconds }: Query, error: unknown): DagsterFault {
  if (error instanceof DagsterFault) return error;
  const asked = `Dagster at ${shown}, asked for ${operation},`;
  if (error instanceof RangeError) {
    return new DagsterFault("unreadable", `${asked} answered with more than ${maxAnswerBytes} bytes`);
  }
  const reason = findReason(error);
  if (reason === "TimeoutError") {
    return new DagsterFault("timed-out", `${asked} gave no answer within ${timeoutSeconds} s`);
  }
  if (isUnconnected(error)) {
    return /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_|ERR_SSL_)/.test(reason)
      ? new DagsterFault("untrusted", `The certificate of ${shown} is not trusted (${reason})`)
      : new DagsterFault("unreachable", `${shown} cannot be reached (${reason})`);
  }
  return new DagsterFault("reset", `${asked} broke the connection off (${reason})`);
}

function isUnconnected(error: unknown): boolean {
  return error instanceof Error && (error instanceof Unconnected || isUnconnected(error.cause));
}

/** A code of the operating system, of TLS or of undici, or else the error's name. */
function findReason(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  // An address with several IP addresses fails with one error for each.
  if (error instanceof AggregateError && error.errors.length > 0) return findReason(error.errors[0]);
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.cause instanceof Error ? findReason(error.cause) : error.name;
}
