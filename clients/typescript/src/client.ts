import { type Call, type KeyedCall, type ResultShape, readUsage, recordUsage, requestUsage } from "./call.ts";
import type {
  AdjustUsage,
  CheckUsage,
  CommitReservation,
  ConsumeUsage,
  Metering,
  Reservation,
  ReserveUsage,
  UserUsage,
} from "./contract.ts";
import { type EomClientOptions, parseOptions } from "./options.ts";
import type { Allowed, Denied, FailedOpen, WhenUnreachable } from "./outcome.ts";

// This file is the package `@eom/client`: it exports everything that users import.

export type * from "./contract.ts";
export { EomError, EomUnreachableError } from "./error.ts";
export type { EomClientOptions, FailOpenEvent } from "./options.ts";
export type { Allowed, Denied, UndecidedReason, Unreachable, WhenUnreachable } from "./outcome.ts";

/** The options of one call. */
export interface CallOptions {
  /**
   * 1 to 255 printable ASCII characters, different for every call; a random UUID by default. Use one that is stored with the
   * order, such as its id, for a call that must count once even if the caller restarts. EOM keeps it for 24 hours.
   */
  readonly idempotencyKey?: string | undefined;
  /** Aborts the call, which then rejects with the signal's reason; EOM may have counted an attempt. */
  readonly signal?: AbortSignal | undefined;
}

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
export interface EomClient<Choice extends WhenUnreachable> {
  /** Whether a consume would be allowed at this moment. Counts nothing and reserves nothing. */
  check(userId: string, body: CheckUsage, options?: CallOptions): Promise<Decided<Choice, UsageResult>>;
  /** Counts all amounts, or none. Negative amounts give back. */
  consume(userId: string, body: ConsumeUsage, options?: CallOptions): Promise<Decided<Choice, UsageResult>>;
  /** Counts all amounts, even beyond the limit. Needs the role `admin`. */
  adjust(userId: string, body: AdjustUsage, options?: CallOptions): Promise<Recorded<Choice, UsageResult>>;
  /** Reserves all amounts, or none, until the reservation is committed, released or expires. */
  reserve(userId: string, body: ReserveUsage, options?: CallOptions): Promise<Decided<Choice, ReservationResult>>;
  /** Counts the used amounts and gives back the rest; without amounts, all was used. With null, no request is sent. */
  commit(
    userId: string,
    reservationId: ReservationId<Choice>,
    body?: CommitReservation,
    options?: CallOptions,
  ): Promise<Recorded<Choice, ReservationResult>>;
  /** Gives back all amounts. With null, no request is sent. */
  release(
    userId: string,
    reservationId: ReservationId<Choice>,
    options?: CallOptions,
  ): Promise<Recorded<Choice, ReservationResult>>;
  /** A user's usage. Rejects with EomUnreachableError under `failOpen` too, because there is no usage to assume. */
  usage(userId: string, options?: Pick<CallOptions, "signal">): Promise<UserUsage>;
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
 * Creates a client. It keeps no state and no connection between calls: create one and use it for all orders.
 *
 * @throws TypeError for options that cannot be used
 */
export function createEomClient<const Choice extends WhenUnreachable>(
  options: EomClientOptions<Choice>,
): EomClient<Choice> {
  const settings = parseOptions(options);
  const client: EomClient<"failOpen"> = {
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
    usage: async (userId, { signal } = {}) => {
      const without = { reservationId: null, body: undefined, idempotencyKey: null };
      return (await readUsage(settings, { operation: "usage", userId, signal, ...without })) as unknown as UserUsage;
    },
  };
  // Under failClosed, the same functions throw where they return `unreachable` under failOpen.
  return client as unknown as EomClient<Choice>;
}

/** @throws RangeError for a key that no header can have: `fetch` would fail as if EOM could not be reached */
function toCall(
  operation: Call["operation"],
  userId: string,
  reservationId: string | null,
  body: unknown,
  { idempotencyKey = crypto.randomUUID(), signal }: CallOptions = {},
): KeyedCall {
  if (/^[\x20-\x7e]{1,255}$/.test(idempotencyKey)) {
    return { operation, userId, reservationId, body, idempotencyKey, signal };
  }
  throw new RangeError("idempotencyKey must have 1 to 255 printable ASCII characters");
}
