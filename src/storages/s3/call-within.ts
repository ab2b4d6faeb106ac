import { answerWithin } from "../../platform/outbound/answer-within.ts";
import { type CallContext, createFault } from "./classify.ts";
import { S3Failure } from "./failure.ts";

/**
 * Runs a call for a limited time. It ends then even when the call ignores its signal: the SDK's pause before a retry, for
 * example, cannot be stopped.
 *
 * @param milliseconds 0 or less ends the call at once
 * @throws S3Failure with `request_timeout` at the limit; what `call` throws; the reason of `caller`
 */
export function callWithin<Result>(
  milliseconds: number,
  context: CallContext,
  call: (signal: AbortSignal) => Promise<Result>,
  caller: AbortSignal | undefined,
): Promise<Result> {
  const onLate = (): never => {
    throw new S3Failure(createFault("request_timeout", context));
  };
  return answerWithin(milliseconds / 1000, call, onLate, caller);
}
