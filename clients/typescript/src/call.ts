import type { CallOptions, Version } from "./call-options.ts";
import type { Body, Expectation } from "./connection/classify.ts";
import { EomUnreachableError } from "./connection/errors.ts";
import { toIdempotencyKey } from "./connection/idempotency-key.ts";
import type { Connection } from "./connection/options.ts";
import { toEntityTag, toPath, toQuery } from "./connection/path.ts";
import { sendUntilDecided } from "./connection/retry.ts";
import type { Row } from "./row.ts";

/** The options of any operation; those that are not named here are its query, or fields of its body. */
export interface OperationOptions extends CallOptions {
  readonly idempotencyKey?: string | undefined;
  readonly ifMatch?: Version | undefined;
  readonly ifNoneMatch?: Version | undefined;
  readonly [name: string]: unknown;
}

/** The arguments of a call. */
export interface Arguments {
  readonly ids: readonly unknown[];
  readonly body: unknown;
  readonly options: OperationOptions;
}

/**
 * Calls an operation of the table.
 *
 * @throws EomError of the class of its code; EomUnreachableError without an answer; RangeError for an id or a key that cannot be sent
 */
export async function callOperation(connection: Connection, row: Row, args: Arguments): Promise<unknown> {
  const [method, path, words] = row;
  const { idempotencyKey, ifMatch, ifNoneMatch, signal, timeoutMilliseconds, deadlineMilliseconds, ...rest } =
    args.options;
  const key = words.includes("key") ? toIdempotencyKey(idempotencyKey) : null;
  const hasAmounts = words.includes("amounts");
  const request = {
    method,
    path: `${toPath(path, args.ids)}${hasAmounts ? "" : toQuery(rest)}`,
    headers: {
      ...(key === null ? {} : { "idempotency-key": key }),
      ...(ifMatch === undefined ? {} : { "if-match": toEntityTag(ifMatch) }),
      ...(ifNoneMatch === undefined ? {} : { "if-none-match": toEntityTag(ifNoneMatch) }),
    },
    body: toBody(words, args.body, rest),
    expectation: toExpectation(words),
    options: { signal, timeoutMilliseconds, deadlineMilliseconds },
  };
  const { result, attempts, mayBeRepeated } = await sendUntilDecided(request, connection);
  if (result.kind === "answered") return result.status === 204 ? undefined : result.body;
  if (result.kind === "undecided" && result.error === null) {
    throw new EomUnreachableError({ operation: `${method} ${path}`, ...result, attempts, idempotencyKey: key });
  }
  // An earlier attempt deleted it, and its answer was lost.
  if (method === "DELETE" && mayBeRepeated && result.error?.status === 404) return undefined;
  throw result.error;
}

/** A body whose fields may all be left out may be left out itself. */
function toBody(words: string, argument: unknown, fields: Readonly<Record<string, unknown>>): unknown {
  if (words.includes("amounts")) return { ...fields, amounts: argument };
  return words.includes("body") ? (argument ?? {}) : undefined;
}

/** A success without a body is 204, or 304 for a read of a version that the caller has. */
function toExpectation(words: string): Expectation {
  const isText = words.includes("text");
  const isEmpty = words.includes("empty");
  const isAnswer = (status: number, body: Body | null) => {
    if (status === 304) return words.includes("conditional");
    if (isEmpty || isText) return isEmpty === (status === 204);
    return body !== null && (!words.includes("list") || Array.isArray(body["data"]));
  };
  return { isAnswer, isText };
}
