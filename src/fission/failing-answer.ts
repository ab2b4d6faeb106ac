import type { Failure } from "../platform/failure.ts";
import { toErrorResponse, toFailure } from "../platform/http/error-body.ts";
import { findRequestId } from "../platform/http/request-context.ts";
import { createId } from "../platform/id.ts";
import type { Logger } from "../platform/log.ts";
import type { FissionAnswer, FissionContext } from "./context.ts";
import { toAnswer } from "./to-answer.ts";

/** The answer to a failure before or outside the app, in the format of all errors; logs it with its cause. */
export async function toFailingAnswer(
  error: unknown,
  { request, response }: FissionContext,
  { log, name }: { readonly log: Logger; readonly name: string },
): Promise<FissionAnswer> {
  const failure: Failure = toFailure(error);
  const given = request.headers["x-request-id"];
  const requestId =
    findRequestId(new Headers(typeof given === "string" ? { "x-request-id": given } : {})) ?? createId();
  const answer = toErrorResponse(failure, {
    requestId,
    xUser: null,
    path: (request.url ?? "/").split("?")[0] ?? "/",
    accept: request.headers.accept ?? null,
  });
  const line = { function: name, request_id: requestId, error_code: failure.code, error_msg: failure.message };
  if (answer.status < 500) log.info(line, "request refused");
  else log.error({ ...line, err: failure.cause ?? failure }, "function failed");
  return toAnswer(answer, response);
}
