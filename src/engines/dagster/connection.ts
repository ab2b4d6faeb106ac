import { toErrorCode } from "../../platform/error-code.ts";
import { classifyConnectionFault, isTlsFault } from "../../platform/outbound/connection-fault.ts";
import type { FetchAgent } from "../../platform/outbound/fetch-agent.ts";
import { BodyTooLarge } from "../../platform/outbound/read-bounded.ts";
import type { DagsterAddress } from "./address.ts";
import { classifyResponse } from "./classify-response.ts";
import { DagsterFault, Unconnected } from "./fault.ts";

/** For a request after the close: a stop waits for it. */
const lastSeconds = 3;

/** Loads undici on first use: most deployments have no Dagster. */
const loadTransport = () => import("./transport.ts");

/** One GraphQL request. */
export interface Query {
  /** As the document names it. */
  readonly operation: string;
  readonly document: string;
  readonly variables: Record<string, unknown>;
  readonly timeoutSeconds: number;
  /** An answer that goes on after this is dropped. */
  readonly maxAnswerBytes: number;
}

/** Sends GraphQL requests to one Dagster. */
export interface Connection {
  /**
   * Sends one request, without a retry.
   *
   * @returns the `data` of the answer
   * @throws DagsterFault and nothing else
   */
  ask(query: Query): Promise<unknown>;
  /** Aborts the requests under way. Safe to call twice. A later request opens a connection of its own, for 3 s at most. */
  close(): Promise<void>;
}

/** Creates a connection that speaks GraphQL over HTTP: time limits, no redirects, bounded answers. */
export function createConnection(address: DagsterAddress): Connection {
  const closing = new AbortController();
  let shared: Promise<FetchAgent> | null = null;
  const createAgent = async () => (await loadTransport()).createAgent();
  const askOnce = async (query: Query, agent: FetchAgent, caller?: AbortSignal): Promise<unknown> => {
    const { operation, document, variables, timeoutSeconds, maxAnswerBytes } = query;
    const { post } = await loadTransport();
    const body = JSON.stringify({ operationName: operation, query: document, variables });
    const onLate = () => {
      throw new DagsterFault("timed-out", `${toAsked(address, query)} gave no answer within ${timeoutSeconds} s`);
    };
    const limits = { seconds: timeoutSeconds, maxBytes: maxAnswerBytes, onLate, caller };
    const response = await post(address, body, agent, limits).catch((error: unknown) => {
      throw toFault(address, query, error);
    });
    return classifyResponse(address, operation, response);
  };
  return {
    async ask(query) {
      if (!closing.signal.aborted) {
        shared ??= createAgent();
        return askOnce(query, await shared, closing.signal);
      }
      const agent = await createAgent();
      try {
        return await askOnce({ ...query, timeoutSeconds: Math.min(query.timeoutSeconds, lastSeconds) }, agent);
      } finally {
        await agent.destroy();
      }
    },
    async close() {
      closing.abort(new DagsterFault("closed", "EOM was stopped while it waited for Dagster"));
      await (await shared)?.destroy();
    },
  };
}

/** Drops the error itself: undici's message may contain what was sent. */
function toFault(address: DagsterAddress, query: Query, error: unknown): DagsterFault {
  if (error instanceof DagsterFault) return error;
  const asked = toAsked(address, query);
  if (error instanceof BodyTooLarge) {
    return new DagsterFault("unreadable", `${asked} answered with more than ${query.maxAnswerBytes} bytes`);
  }
  const code = toErrorCode(error);
  if (!isUnconnected(error)) return new DagsterFault("reset", `${asked} broke the connection off (${code})`);
  return isTlsFault(classifyConnectionFault(error))
    ? new DagsterFault("untrusted", `The certificate of ${address.shown} is not trusted (${code})`)
    : new DagsterFault("unreachable", `${address.shown} cannot be reached (${code})`);
}

/** The subject of a message about one request. */
function toAsked({ shown }: DagsterAddress, { operation }: Query): string {
  return `Dagster at ${shown}, asked for ${operation},`;
}

function isUnconnected(error: unknown): boolean {
  return error instanceof Error && (error instanceof Unconnected || isUnconnected(error.cause));
}
