import type { CallOptions } from "../call-options.ts";
import type { Body, Undecided } from "../connection/classify.ts";
import { EomUnreachableError } from "../connection/errors.ts";
import { toPath } from "../connection/path.ts";
import { type Sent, sendUntilDecided } from "../connection/retry.ts";
import { type OperationName, operations } from "./operations.ts";
import type { Settings } from "./options.ts";
import type { Allowed, Assumption, Denied, Unreachable, WhenUnreachable } from "./outcome.ts";

/** One call of the client. */
export interface Call {
  readonly operation: OperationName;
  readonly userId: string;
  /** Null unless the operation is about a reservation, or if the reserve failed open. */
  readonly reservationId: string | null;
  readonly body: unknown;
  /** Null for reading. */
  readonly idempotencyKey: string | null;
  readonly options: CallOptions;
}

/** A call that counts, or may count. */
export type KeyedCall = Call & { readonly idempotencyKey: string };

/** The part of an outcome that depends on the operation: `usage` or `reservation`. */
export interface ResultShape<Result> {
  /** From the body of EOM's answer. */
  readonly read: (body: Body) => Result;
  /** For an outcome without an answer. */
  readonly none: { readonly [Name in keyof Result]: null };
}

/**
 * Calls an operation that EOM may deny: check, consume, reserve.
 *
 * @throws EomError for an answer that is neither allowed nor denied; EomUnreachableError when failing closed
 */
export async function requestUsage<Result>(
  settings: Settings,
  call: KeyedCall,
  shape: ResultShape<Result>,
): Promise<Allowed<Result> | Denied | Unreachable<Result>> {
  const sent = await send(settings, call);
  const { result } = sent;
  if (result.kind === "denied") return toDenied(result.violations, result.retryAfterSeconds);
  // Only a check answers a denial with 200.
  if (result.kind === "answered" && toBody(result.body)["allowed"] === false) {
    return toDenied(toBody(result.body)["violations"] as Denied["violations"], null);
  }
  return toOutcome(settings, call, sent, shape);
}

/**
 * Calls an operation about work that is done, which EOM never denies: adjust, commit, release.
 *
 * @throws EomError for any answer but success; EomUnreachableError when failing closed
 */
export async function recordUsage<Result>(
  settings: Settings,
  call: KeyedCall,
  shape: ResultShape<Result>,
): Promise<Allowed<Result> | Unreachable<Result>> {
  if (hasNoReservation(call, settings.whenUnreachable)) return failOpen(settings, call, notReserved, shape.none);
  return toOutcome(settings, call, await send(settings, call), shape);
}

/**
 * Reads. There is no answer to assume, so that failing open makes no difference.
 *
 * @throws EomError; EomUnreachableError
 */
export async function readUsage(settings: Settings, call: Call): Promise<Body> {
  const { result, attempts } = await send(settings, call);
  if (result.kind === "answered") return toBody(result.body);
  if (result.kind === "undecided") throw new EomUnreachableError({ ...call, ...result, attempts });
  throw result.error;
}

function toOutcome<Result>(
  settings: Settings,
  call: KeyedCall,
  { result, attempts }: Sent,
  { read, none }: ResultShape<Result>,
): Allowed<Result> | Unreachable<Result> {
  if (result.kind === "answered")
    return { outcome: "allowed", isReplay: result.isReplay, ...read(toBody(result.body)) };
  if (result.kind !== "undecided") throw result.error;
  const silence = { reason: result.reason, detail: result.detail, attempts };
  if (settings.whenUnreachable === "failOpen") return failOpen(settings, call, silence, none);
  throw new EomUnreachableError({ ...call, ...silence });
}

/** The cast is safe: each operation of metering accepts objects alone. */
function toBody(body: Body | string | null): Body {
  return body as Body;
}

async function send({ connection }: Settings, call: Call): Promise<Sent> {
  const { row, expectation } = operations[call.operation];
  const path = toPath(row[1], [call.userId, call.reservationId]);
  const headers: Record<string, string> =
    call.idempotencyKey === null ? {} : { "idempotency-key": call.idempotencyKey };
  const { body, options } = call;
  return sendUntilDecided({ method: row[0], path, headers, body, expectation, options }, connection);
}

/** How a call ended without a decision. */
type Silence = Pick<Undecided, "reason" | "detail"> & { readonly attempts: number };

const notReserved: Silence = { reason: "not_reserved", detail: null, attempts: 0 };

/** Whether the call closes a reservation that was never made, because EOM could not be reached to make it. */
function hasNoReservation({ operation, reservationId }: Call, whenUnreachable: WhenUnreachable): boolean {
  const closes = operation === "commit" || operation === "release";
  return closes && reservationId === null && whenUnreachable === "failOpen";
}

function failOpen<Result>(
  { onFailOpen }: Settings,
  { operation, userId, reservationId, body, idempotencyKey }: KeyedCall,
  { reason, detail, attempts }: Silence,
  none: ResultShape<Result>["none"],
): Unreachable<Result> {
  const silence = { reason, detail, attempts, idempotencyKey };
  ignoringFaults(() => onFailOpen({ operation, userId, reservationId, body, ...silence }));
  const isRequest = operation === "check" || operation === "consume" || operation === "reserve";
  const assumed: Assumption = isRequest ? "allowed" : "not_counted";
  return { outcome: "unreachable" as const, assumed, ...silence, ...none };
}

/** An order does not fail because its event could not be handled. `notify` may be async. */
function ignoringFaults(notify: () => void): void {
  (async () => notify())().catch(() => {});
}

function toDenied(violations: Denied["violations"], retryAfterSeconds: number | null): Denied {
  return { outcome: "denied", violations, retryAfterSeconds };
}
