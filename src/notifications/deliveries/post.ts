import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { GuardedAgents } from "../../platform/egress/agents.ts";
import { EgressForbidden } from "../../platform/egress/forbidden.ts";
import { classifyConnectionFault, isTlsFault } from "../../platform/outbound/connection-fault.ts";
import type { AttemptError } from "../model.ts";

/** The body of an answer is read only to keep its connection alive. A longer body is cut off, and its connection closed. */
const maxAnswerBytes = 64 * 1024;

/** The outcome of one request. */
export interface PostOutcome {
  /** Null when the receiver answered 2xx. */
  readonly error: AttemptError | null;
  /** Null when no answer came. */
  readonly httpStatus: number | null;
  /** The header `Retry-After` as the receiver sent it. */
  readonly retryAfter: string | undefined;
  readonly durationMilliseconds: number;
  /** For the log alone: it may name addresses of the network. */
  readonly cause?: unknown;
}

interface Post {
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface PostNeeds {
  readonly agents: GuardedAgents;
  /** For the whole request, from the resolution of the name to the last byte of the answer. */
  readonly timeoutMilliseconds: number;
}

/** Sends one POST and never rejects: a failure is an outcome. Does not follow redirects. */
export async function post(request: Post, { agents, timeoutMilliseconds }: PostNeeds): Promise<PostOutcome> {
  const startedAt = performance.now();
  const measure = () => Math.round(performance.now() - startedAt);
  const signal = AbortSignal.timeout(timeoutMilliseconds);
  try {
    const answer = await send(request, agents, signal);
    const httpStatus = answer.statusCode ?? 0;
    await discard(answer);
    const retryAfter = answer.headers["retry-after"];
    return { error: classifyStatus(httpStatus), httpStatus, retryAfter, durationMilliseconds: measure() };
  } catch (cause) {
    const error = signal.aborted ? "timeout" : classifyError(cause);
    return { error, httpStatus: null, retryAfter: undefined, durationMilliseconds: measure(), cause };
  }
}

/** Resolves with the head of the answer. */
function send({ address, headers, body }: Post, agents: GuardedAgents, signal: AbortSignal): Promise<IncomingMessage> {
  const url = new URL(address);
  const isTls = url.protocol === "https:";
  const content = Buffer.from(body);
  const options = {
    method: "POST",
    agent: isTls ? agents.https : agents.http,
    headers: { ...headers, "content-length": String(content.length) },
    signal,
  };
  return new Promise((resolve, reject) => {
    const request = (isTls ? requestHttps : requestHttp)(url, options, resolve);
    request.on("error", reject);
    request.end(content);
  });
}

/** Waits for the end of the body, its limit or the time-out. All three are fine: the status alone decides the outcome. */
function discard(answer: IncomingMessage): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let seenBytes = 0;
  answer.on("data", (chunk: Buffer) => {
    seenBytes += chunk.length;
    if (seenBytes > maxAnswerBytes) answer.destroy();
  });
  answer.on("error", () => {});
  answer.on("close", () => resolve());
  return promise;
}

function classifyStatus(status: number): AttemptError | null {
  if (status >= 200 && status < 300) return null;
  if (status === 410) return "gone";
  return status >= 300 && status < 400 ? "redirect_refused" : "http_status";
}

function classifyError(error: unknown): AttemptError {
  if (error instanceof EgressForbidden) return "address_forbidden";
  const fault = classifyConnectionFault(error);
  if (fault.kind === "dns") return "name_not_found";
  return isTlsFault(fault) ? "tls_failed" : "connection_failed";
}
