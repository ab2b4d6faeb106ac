import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { GuardedAgents } from "../../platform/egress/agents.ts";
import { EgressForbidden } from "../../platform/egress/forbidden.ts";
import type { AttemptError } from "../model.ts";

/** Of an answer, read so that its connection can serve again; what is longer is cut off. Nobody looks into it. */
const maxAnswerBytes = 64 * 1024;

/** What came of one request. `error` is null when the receiver took it. */
export interface PostOutcome {
  readonly error: AttemptError | null;
  readonly httpStatus: number | null;
  /** As the receiver sent it. */
  readonly retryAfter: string | undefined;
  readonly durationMs: number;
  /** For the log alone. */
  readonly cause?: unknown;
}

interface Post {
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface PostNeeds {
  readonly agents: GuardedAgents;
  /** For all of it, from the name's resolution to the last byte of the answer. */
  readonly timeoutMs: number;
}

/** Sends once. It never throws: whatever happens is an outcome. A redirect is not followed. */
export async function post(request: Post, { agents, timeoutMs }: PostNeeds): Promise<PostOutcome> {
  const startedAt = performance.now();
  const toOutcome = (
    outcome: Omit<PostOutcome, "durationMs" | "retryAfter"> & { retryAfter?: string | undefined },
  ) => ({
    retryAfter: undefined,
    ...outcome,
    durationMs: Math.round(performance.now() - startedAt),
  });
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await send(request, agents, signal);
    const httpStatus = answer.statusCode ?? 0;
    await discard(answer);
    return toOutcome({ error: judge(httpStatus), httpStatus, retryAfter: answer.headers["retry-after"] });
  } catch (error) {
    return toOutcome({ error: signal.aborted ? "timeout" : classify(error), httpStatus: null, cause: error });
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

/** The status has decided already, so it does not matter how the body ends: by itself, by its size, or by the time-out. */
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

function judge(status: number): AttemptError | null {
  if (status >= 200 && status < 300) return null;
  if (status === 410) return "gone";
  return status >= 300 && status < 400 ? "redirect_refused" : "http_status";
}

function classify(error: unknown): AttemptError {
  if (error instanceof EgressForbidden) return "address_forbidden";
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "name_not_found";
  return /CERT|TLS|SSL|EPROTO|SELF_SIGNED|UNABLE_TO_/.test(code) ? "tls_failed" : "connection_failed";
}
