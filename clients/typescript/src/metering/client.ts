import type { CallOptions, KeyedOptions } from "../call-options.ts";
import { toIdempotencyKey } from "../connection/idempotency-key.ts";
import type {
  AdjustUsage,
  CheckUsage,
  CommitReservation,
  ConsumeUsage,
  Metering,
  Reservation,
  ReserveUsage,
  UserUsage,
} from "../generated/types.ts";
import { type Call, type KeyedCall, type ResultShape, readUsage, recordUsage, requestUsage } from "./call.ts";
import { type MeteringOptions, parseOptions } from "./options.ts";
import type { Allowed, Denied, FailedOpen, WhenUnreachable } from "./outcome.ts";

// This file is `@eom/client/metering`: it exports everything that order services import.

export type { CallOptions, KeyedOptions } from "../call-options.ts";
export type { CircuitBreakerOptions } from "../connection/breaker.ts";
export { EomError, EomUnreachableError } from "../connection/errors.ts";
export type { UndecidedReason } from "../connection/undecided.ts";
export type {
  AdjustUsage,
  CheckUsage,
  CommitReservation,
  ConsumeUsage,
  Metering,
  QuotaViolation,
  Reservation,
  ReserveUsage,
  UserUsage,
} from "../generated/types.ts";
export type { FailOpenEvent, MeteringOptions } from "./options.ts";
export type { Allowed, Denied, Unreachable, WhenUnreachable } from "./outcome.ts";

interface UsageResult {
  usage: Metering["usage"];
}

interface ReservationResult {
  reservation: Reservation;
}

/** Null stands for the reservation that could not be made because EOM could not be reached. */
type ReservationId<Choice> = Choice extends "failOpen" ? string | null : string;
/** The outcome of an operation that EOM never denies. */
type Recorded<Choice extends WhenUnreachable, Result> = Allowed<Result> | FailedOpen<Choice, Result>;
/** The outcome of an operation that EOM may deny. */
type Decided<Choice extends WhenUnreachable, Result> = Recorded<Choice, Result> | Denied;

/**
 * The operations of metering. Each rejects with EomError for an answer that is neither allowed nor denied, with RangeError for
 * an id that no URL can have or a key that no header can have, and under `failClosed` with EomUnreachableError.
 */
export interface MeteringClient<Choice extends WhenUnreachable> {
  /** Whether a consume would be allowed at this moment. Counts nothing and reserves nothing. */
  check(userId: string, body: CheckUsage, options?: KeyedOptions): Promise<Decided<Choice, UsageResult>>;
  /** Counts all amounts, or none. Negative amounts give back. */
  consume(userId: string, body: ConsumeUsage, options?: KeyedOptions): Promise<Decided<Choice, UsageResult>>;
  /** Counts all amounts, even beyond the limit. Needs the role `admin`. */
  adjust(userId: string, body: AdjustUsage, options?: KeyedOptions): Promise<Recorded<Choice, UsageResult>>;
  /** Reserves all amounts, or none, until the reservation is committed, released or expires. */
  reserve(userId: string, body: ReserveUsage, options?: KeyedOptions): Promise<Decided<Choice, ReservationResult>>;
  /** Counts the used amounts and gives back the rest; without amounts, all was used. With null, no request is sent. */
  commit(
    userId: string,
    reservationId: ReservationId<Choice>,
    body?: CommitReservation,
    options?: KeyedOptions,
  ): Promise<Recorded<Choice, ReservationResult>>;
  /** Gives back all amounts. With null, no request is sent. */
  release(
    userId: string,
    reservationId: ReservationId<Choice>,
    options?: KeyedOptions,
  ): Promise<Recorded<Choice, ReservationResult>>;
  /** A user's usage. Rejects with EomUnreachableError under `failOpen` too, because there is no usage to assume. */
  usage(userId: string, options?: CallOptions): Promise<UserUsage>;
}

const usage: ResultShape<UsageResult> = {
  read: (body) => ({ usage: body["usage"] as Metering["usage"] }),
  none: { usage: null },
};

// The cast is safe: classify.ts has checked that the body is a reservation.
const reservation: ResultShape<ReservationResult> = {
  read: (body) => ({ reservation: body as unknown as Reservation }),
  none: { reservation: null },
};

/**
 * Creates a client of metering. It keeps the state of its circuit breaker between calls: create one and use it for all orders.
 *
 * @throws TypeError for options that cannot be used
 */
export function createMeteringClient<const Choice extends WhenUnreachable>(
  options: MeteringOptions<Choice>,
): MeteringClient<Choice> {
  const settings = parseOptions(options);
  const client: MeteringClient<"failOpen"> = {
    check: async (userId, body, options) => requestUsage(settings, toCall("check", userId, null, body, options), usage),
    consume: async (userId, body, options) =>
      requestUsage(settings, toCall("consume", userId, null, body, options), usage),
    adjust: async (userId, body, options) =>
      recordUsage(settings, toCall("adjust", userId, null, body, options), usage),
    reserve: async (userId, body, options) =>
      requestUsage(settings, toCall("reserve", userId, null, body, options), reservation),
    commit: async (userId, id, body = {}, options = {}) =>
      recordUsage(settings, toCall("commit", userId, id, body, options), reservation),
    release: async (userId, id, options) =>
      recordUsage(settings, toCall("release", userId, id, undefined, options), reservation),
    usage: async (userId, options = {}) => {
      const without = { reservationId: null, body: undefined, idempotencyKey: null };
      return (await readUsage(settings, { operation: "usage", userId, options, ...without })) as unknown as UserUsage;
    },
  };
  // Under failClosed, the same functions throw where they return `unreachable` under failOpen.
  return client as unknown as MeteringClient<Choice>;
}

/** @throws RangeError for a key that no header can have */
function toCall(
  operation: Call["operation"],
  userId: string,
  reservationId: string | null,
  body: unknown,
  options: KeyedOptions = {},
): KeyedCall {
  return { operation, userId, reservationId, body, idempotencyKey: toIdempotencyKey(options.idempotencyKey), options };
}
