import type { Agent, Response } from "undici";
import type { DagsterAddress } from "./address.ts";
import { DagsterFault } from "./fault.ts";
import { type Exchanged, judge } from "./judge.ts";

/** 250 runs are 50 KB, 10,000 events 500 KB, a workspace of 10,000 jobs 3 MB. */
const maxAnswerBytes = 16 * 1024 * 1024;
const connectSeconds = 5;
/** dagster-webserver (uvicorn) closes connections that rest for 5 s: a launch on one that is being closed would be in doubt. */
const keepAliveSeconds = 3;

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
  const askOnce = async (query: Query, agent: Agent, signals: readonly AbortSignal[]): Promise<unknown> => {
    const exchanged = await exchange(address, query, agent, signals).catch((error: unknown) => {
      throw toFault(address, query, error);
    });
    return judge(address, query.operation, exchanged);
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

/** No connection came about: nothing was sent. */
class Unconnected extends Error {
  override readonly name = "Unconnected";
}

/** undici is loaded by who asks: most deployments have no Dagster. */
async function createAgent(): Promise<Agent> {
  const { Agent, buildConnector } = await import("undici");
  const keepAlive = keepAliveSeconds * 1000;
  const connect = buildConnector({ timeout: connectSeconds * 1000, allowH2: false });
  return new Agent({
    // TLS fails with the same codes in the middle of a connection, where what was asked may have been carried out.
    connect: (options, callback) =>
      connect(options, (...[cause, socket]) => {
        if (cause === null) callback(null, socket);
        else callback(new Unconnected("no connection", { cause }), null);
      }),
    keepAliveTimeout: keepAlive,
    keepAliveMaxTimeout: keepAlive,
    allowH2: false,
  });
}

async function exchange(
  address: DagsterAddress,
  { operation, document, variables, timeoutSeconds }: Query,
  agent: Agent,
  signals: readonly AbortSignal[],
): Promise<Exchanged> {
  const { fetch } = await import("undici");
  const response = await fetch(address.graphql, {
    method: "POST",
    headers: { ...address.headers, "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ operationName: operation, query: document, variables }),
    redirect: "manual",
    dispatcher: agent,
    signal: AbortSignal.any([AbortSignal.timeout(timeoutSeconds * 1000), ...signals]),
  });
  const type = response.headers.get("content-type") ?? "";
  return { status: response.status, isHtml: type.includes("html"), text: await readBounded(response) };
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxAnswerBytes) throw new RangeError("answer too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
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
