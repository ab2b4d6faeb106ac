import type { Duplex } from "node:stream";
import { fail } from "../failure.ts";
import { createId } from "../id.ts";
import { toErrorResponse, toFailure } from "./error-body.ts";

/** What Node's parser means, for people; anything else is no HTTP. */
const sentences: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "has a head that is too large",
  ERR_HTTP_REQUEST_TIMEOUT: "did not come in time",
};

/** The answer to what never became a request: it has no path, no caller and no line in the log of requests. */
export function toRefusal(error: unknown): Response {
  const isOurs = error instanceof Error && error.name === "RequestError";
  const failure = isOurs ? toUnparsed(error.message) : toFailure(error);
  return toErrorResponse(failure, { requestId: createId(), xUser: null, path: "/", accept: null });
}

/** Writes the same to a socket on which Node's parser gave up, unless an answer is being written there. */
export async function refuseOnSocket(error: NodeJS.ErrnoException, socket: Duplex): Promise<void> {
  const underWay = Reflect.get(socket, "_httpMessage") as { headersSent: boolean } | null | undefined;
  if (!socket.writable || underWay?.headersSent === true) {
    socket.destroy();
    return;
  }
  const failure = toUnparsed(sentences[error.code ?? ""] ?? "is not HTTP");
  const response = toErrorResponse(failure, { requestId: createId(), xUser: null, path: "/", accept: null });
  const body = await response.text();
  const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`);
  lines.push(`content-length: ${Buffer.byteLength(body)}`, "connection: close");
  socket.end(`HTTP/1.1 ${response.status} Bad Request\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
}

function toUnparsed(message: string) {
  const issues = [{ path: "", message, code: "unparsed_request" }];
  return fail("VALIDATION_ERROR", `The request cannot be read: ${message}`, { issues });
}
