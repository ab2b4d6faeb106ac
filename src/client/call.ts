import type { Judgement, Undecided } from "./classify.ts";
import { EomUnreachableError } from "./error.ts";
import { type OperationName, operations, toPath } from "./operations.ts";
import type { Settings } from "./options.ts";
import type { Allowed, Assumption, Denied, Unreachable, WhenUnreachable } from "./outcome.ts";
import { askAgain } from "./retry.ts";

export interface Call {
  readonly operation: OperationName;
  readonly userId: string;
  readonly reservationId: string | null;
  readonly body: unknown;
  /** Null for reading. */
  readonly idempotencyKey: string | null;
  readonly signal: AbortSignal | undefined;
}

/** How an operation's answer is told, and what stands in its place when there is none. */
export interface Telling<Told> {
  readonly tell: (body: Readonly<Record<string, unknown>>) => Told;
  readonly nothing: { readonly [Name in keyof Told]: null };
}

export type KeyedCall = Call & { readonly idempotencyKey: string };

/**
 * An operation that may be denied.
 *
 * @throws EomError for a final answer that is neither yes nor no; EomUnreachableError failing closed
 */
export async function decide<Told>(
  settings: Settings,
  call: KeyedCall,
  telling: Telling<Told>,
): Promise<Allowed<Told> | Denied | Unreachable<Told>> {
  const asked = await ask(settings, call);
  const { judgement } = asked;
  if (judgement.kind === "denied") return toDenied(judgement.violations, judgement.retryAfterSeconds);
  // Of a check alone: to any other operation, a denial is a failure.
  if (judgement.kind === "answered" && judgement.body["allowed"] === false)
    return toDenied(judgement.body["violations"] as Denied["violations"], null);
  return conclude(settings, call, asked, telling);
}

/**
 * An operation on work that is done, which nothing denies.
 *
 * @throws as {@link decide}
 */
export async function settle<Told>(
  settings: Settings,
  call: KeyedCall,
  telling: Telling<Told>,
): Promise<Allowed<Told> | Unreachable<Told>> {
  if (closesNothing(call, settings.whenUnreachable)) return failOpen(settings, call, notReserved, telling.nothing);
  return conclude(settings, call, await ask(settings, call), telling);
}

/** @throws EomError; EomUnreachableError whatever was chosen */
export async function read(settings: Settings, call: Call): Promise<Readonly<Record<string, unknown>>> {
  const { judgement, attempts } = await ask(settings, call);
  if (judgement.kind === "answered") return judgement.body;
  if (judgement.kind === "undecided") throw new EomUnreachableError({ ...call, ...judgement, attempts });
  throw judgement.error;
}

interface Asked {
  readonly judgement: Judgement;
  readonly attempts: number;
}

function conclude<Told>(
  settings: Settings,
  call: KeyedCall,
  { judgement, attempts }: Asked,
  { tell, nothing }: Telling<Told>,
): Allowed<Told> | Unreachable<Told> {
  if (judgement.kind === "answered") {
    return { outcome: "allowed", isReplay: judgement.isReplay, ...tell(judgement.body) };
  }
  if (judgement.kind !== "undecided") throw judgement.error;
  const silence = { reason: judgement.reason, detail: judgement.detail, attempts };
  if (settings.whenUnreachable === "failOpen") return failOpen(settings, call, silence, nothing);
  throw new EomUnreachableError({ ...call, ...silence });
}

function ask(settings: Settings, call: Call): Promise<Asked> {
  const operation = operations[call.operation];
  const path = toPath(operation.path, { UserId: call.userId, ReservationId: call.reservationId ?? "" });
  const headers = {
    accept: "application/json",
    authorization: `Bearer ${settings.token}`,
    ...(call.idempotencyKey === null ? {} : { "idempotency-key": call.idempotencyKey }),
    ...(call.body === undefined ? {} : { "content-type": "application/json" }),
  };
  const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
  // A redirect is an answer that EOM does not give: the token goes to the base URL and nowhere else.
  const init: RequestInit = { method: operation.method, redirect: "manual", headers, ...body };
  return askAgain({ operation, url: `${settings.baseUrl}${path}`, init, signal: call.signal }, settings);
}

type Silence = Pick<Undecided, "reason" | "detail"> & { readonly attempts: number };

const notReserved: Silence = { reason: "not_reserved", detail: null, attempts: 0 };

function closesNothing({ operation, reservationId }: Call, whenUnreachable: WhenUnreachable): boolean {
  const closes = operation === "commit" || operation === "release";
  return closes && reservationId === null && whenUnreachable === "failOpen";
}

function failOpen<Told>(
  { onFailOpen }: Settings,
  { operation, userId, reservationId, body, idempotencyKey }: KeyedCall,
  { reason, detail, attempts }: Silence,
  nothing: Telling<Told>["nothing"],
): Unreachable<Told> {
  const silence = { reason, detail, attempts, idempotencyKey };
  tellIgnoringFaults(() => onFailOpen({ operation, userId, reservationId, body, ...silence }));
  const asks = operation === "check" || operation === "consume" || operation === "reserve";
  const assumed: Assumption = asks ? "allowed" : "not_counted";
  return { outcome: "unreachable" as const, assumed, ...silence, ...nothing };
}

/** An order does not fail because it could not be logged; `tell` may be async too. */
function tellIgnoringFaults(tell: () => void): void {
  (async () => tell())().catch(() => {});
}

function toDenied(violations: Denied["violations"], retryAfterSeconds: number | null): Denied {
  return { outcome: "denied", violations, retryAfterSeconds };
}
