import { type Failure, fail } from "../failure.ts";
import { createId } from "../id.ts";
import { toErrorResponse, toFailure } from "./error-body.ts";

/** The answer to a request that the adapter could not build, such as one without a usable Host. */
export function toRefusal(error: unknown): Response {
  const isOfRequest = error instanceof Error && error.name === "RequestError";
  return toUnparsedAnswer(isOfRequest ? toUnparsed(error.message) : toFailure(error));
}

/** The answer to what never became a request: it has no path, no caller and no line in the log of requests. */
export function toUnparsedAnswer(failure: Failure): Response {
  return toErrorResponse(failure, { requestId: createId(), xUser: null, path: "/", accept: null });
}

/** The failure for an error of Node's HTTP parser. An error that it does not name is an answer to no HTTP at all. */
export function toUnreadable(error: NodeJS.ErrnoException, maxHeadBytes: number): Failure {
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW": {
      const sentence = `Request line and headers may have at most ${maxHeadBytes} bytes together`;
      return fail("HEADERS_TOO_LARGE", sentence, { limit: maxHeadBytes });
    }
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return toUnparsed("it has chunks with too many extensions");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return fail("REQUEST_TIMEOUT", "The request did not arrive in time: send it faster, or in smaller parts", null);
    default:
      return toUnparsed("it is not HTTP");
  }
}

/** A VALIDATION_ERROR of the request as a whole; `message` goes on after "The request cannot be read: ". */
export function toUnparsed(message: string): Failure {
  const issues = [{ path: "", message, code: "unparsed_request" }];
  return fail("VALIDATION_ERROR", `The request cannot be read: ${message}`, { issues, total_issues: 1 });
}
