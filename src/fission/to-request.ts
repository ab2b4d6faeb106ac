import { Readable } from "node:stream";
import { invalid } from "../platform/failure.ts";
import type { FissionContext, FissionRequest } from "./context.ts";

/** Those of one hop, and Fission's own: what a client may have written into them means nothing to the app. */
const dropped = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade|te|trailer|x-fission-.*)$/;

/** Never looked at: the app knows paths, and links by them. */
const origin = "http://function";

/** A body in place of the parsed one, or its size when nobody kept it. */
export type RawBody = { readonly text: string } | { readonly bytes: number };

/**
 * The request as the web-standard app takes it. A body that Express has parsed is written out again.
 *
 * @param target path and query
 * @throws VALIDATION_ERROR for a method that is none
 */
export function toRequest({ request, response }: FissionContext, target: string, raw: RawBody | null): Request {
  const method = request.method ?? "GET";
  const body = method === "GET" || method === "HEAD" ? null : toBody(request, raw);
  try {
    return new Request(`${origin}${target}`, {
      method,
      headers: toHeaders(request, raw),
      signal: toSignal(response),
      ...(body === null ? {} : { body, duplex: "half" }),
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw invalid("", "cannot be read: its method or its path is none", "unparsed_request");
  }
}

/** The values stay latin1, as Node gives them to EOM's own server too. */
function toHeaders(request: FissionRequest, raw: RawBody | null): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || dropped.test(name)) continue;
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one);
  }
  // Inflated by then. Otherwise the length stays, since limits are about what was sent.
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
  // Express makes `{}` of nothing.
  if (headers["content-length"] === "0") return null;
  if (typeof body === "string") return body;
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return toJson(body);
}

/** What is too deep to be written out is deeper than EOM takes by far; so is this, and the app says so in its turn. */
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

/** Node's own type of web streams is another than the global one. */
function toStream(request: FissionRequest): ReadableStream {
  return Readable.toWeb(request) as unknown as ReadableStream;
}

/** Aborts when the client goes away before it has its answer. */
function toSignal(response: FissionContext["response"]): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}
