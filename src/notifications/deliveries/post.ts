import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { GuardedAgents } from "../../platform/egress/agents.ts";
import { EgressForbidden } from "../../platform/egress/forbidden.ts";
import { UnaskedUpgrade } from "../../platform/egress/unasked-upgrade.ts";
import { answerWithin } from "../../platform/outbound/answer-within.ts";
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
  let head: IncomingMessage | null = null;
  const exchange = async (signal: AbortSignal): Promise<Result> => {
    head = await send(request, agents, signal);
    await discard(head);
    return toAnswered(head);
  };
  const onLate = () => (head === null ? toLate(timeoutMilliseconds) : toAnswered(head));
  const result = await answerWithin(timeoutMilliseconds / 1000, exchange, onLate).catch(toUnanswered);
  return { ...result, durationMilliseconds: Math.round(performance.now() - startedAt) };
}

type Result = Omit<PostOutcome, "durationMilliseconds">;

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

function toAnswered({ statusCode = 0, headers }: IncomingMessage): Result {
  return { error: classifyStatus(statusCode), httpStatus: statusCode, retryAfter: headers["retry-after"] };
}

function toLate(timeoutMilliseconds: number): Result {
  const cause = new Error(`No answer within ${timeoutMilliseconds / 1000} s`);
  return { error: "timeout", httpStatus: null, retryAfter: undefined, cause };
}

function toUnanswered(cause: unknown): Result {
  if (cause instanceof UnaskedUpgrade) return { error: "http_status", httpStatus: 101, retryAfter: undefined, cause };
  return { error: classifyError(cause), httpStatus: null, retryAfter: undefined, cause };
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
