import { Readable } from "node:stream";
import { invalid } from "../platform/failure.ts";
import { requirePlainPath } from "../platform/http/target.ts";
import type { FissionContext, FissionRequest } from "./context.ts";

/**
 * Headers of one hop, and Fission's own, which a client may have forged: the app must not see either. X-Fission-Params-UserId is kept,
 * because the app takes it for a label, as X-User-Id.
 */
const dropped =
  /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade|te|trailer|x-fission-(?!params-userid$).*)$/;

/** A placeholder: the app reads paths alone. */
const origin = "http://function";

/** A body that Express could not parse: its text, or its size when Express did not read it. */
export type RawBody = { readonly text: string } | { readonly bytes: number };

/**
 * The request in web-standard form, for the app. A body that Express has parsed is serialised again.
 *
 * @param target path and query
 * @param raw the body that Express could not parse; null in all other cases
 * @throws VALIDATION_ERROR for an invalid method or path, for a path with dot segments, and for a body of a GET
 */
export function toRequest({ request, response }: FissionContext, target: string, raw: RawBody | null): Request {
  requirePlainPath(target);
  const method = request.method ?? "GET";
  const body = toBody(request, raw);
  const isRead = method === "GET" || method === "HEAD";
  if (isRead && body !== null && body !== "" && body !== "{}")
    throw invalid("", "must have no body: this operation takes none", "unexpected_body");
  try {
    return new Request(`${origin}${target}`, {
      method,
      headers: toHeaders(request, raw),
      signal: toSignal(response),
      ...(body === null || isRead ? {} : { body, duplex: "half" }),
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw invalid("", "has an invalid method or path", "unparsed_request");
  }
}

/** Values stay latin1, as in the headers that Node gives to EOM's own server. */
function toHeaders(request: FissionRequest, raw: RawBody | null): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || dropped.test(name)) continue;
    for (const text of Array.isArray(value) ? value : [value]) headers.append(name, text);
  }
  // Express has inflated the body. The length of an uncompressed body stays: limits apply to the bytes that were sent.
  if (request.body !== undefined && headers.has("content-encoding")) {
    headers.delete("content-encoding");
    headers.delete("content-length");
  }
  if (raw !== null && "bytes" in raw) headers.set("content-length", String(raw.bytes));
  return headers;
}

function toBody(
  request: FissionRequest,
  raw: RawBody | null,
): string | Uint8Array<ArrayBuffer> | ReadableStream | null {
  if (raw !== null) return "text" in raw ? raw.text : null;
  const { body, headers } = request;
  if (body === undefined) return request.readableDidRead || !hasBody(request) ? null : toStream(request);
  // Express parses an empty body as `{}`.
  if (headers["content-length"] === "0") return null;
  if (typeof body === "string") return body;
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return toJson(body);
}

/** A body too deep for JSON.stringify becomes 1000 nested lists, which are too deep for EOM too: the app refuses them. */
function toJson(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `${"[".repeat(1000)}${"]".repeat(1000)}`;
  }
}

function hasBody({ headers }: FissionRequest): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** Node's type of web streams differs from the global type. */
function toStream(request: FissionRequest): ReadableStream {
  return Readable.toWeb(request) as unknown as ReadableStream;
}

/** Aborts when the client disconnects before it has its answer. */
function toSignal(response: FissionContext["response"]): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}
