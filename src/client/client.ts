import { type Call, decide, type KeyedCall, read, settle, type Telling } from "./call.ts";
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

export type * from "./contract.ts";
// This file is the package's `eom/client`: what its users name comes from here.
export { EomError, EomUnreachableError } from "./error.ts";
export type { EomClientOptions, FailOpenEvent } from "./options.ts";
export type { Allowed, Denied, UndecidedReason, Unreachable, WhenUnreachable } from "./outcome.ts";

export interface CallOptions {
  /**
   * 1 to 255 printable ASCII characters, of one call and no other. Made anew for each call when left out; give one that
   * is kept with the order (its id, say) for a call that is to survive the caller's own restart. EOM knows it for 24 hours.
   */
  readonly idempotencyKey?: string | undefined;
  /** Ends the call, which then rejects with the signal's reason; an attempt may have been counted. */
  readonly signal?: AbortSignal | undefined;
}

interface ToldUsage {
  usage: Metering["usage"];
}

interface ToldReservation {
  reservation: Reservation;
}

/** Null is the reservation that could not be made because EOM could not be reached. */
type ReservationId<Choice> = Choice extends "failOpen" ? string | null : string;
type Done<Choice extends WhenUnreachable, Told> = Allowed<Told> | FailedOpen<Choice, Told>;
type Decided<Choice extends WhenUnreachable, Told> = Done<Choice, Told> | Denied;

/**
 * Every function rejects with EomError for an answer that is neither yes nor no, with RangeError for an id that no URL
 * can carry, and, failing closed, with EomUnreachableError.
 */
export interface EomClient<Choice extends WhenUnreachable> {
  /** Whether it would be allowed at this moment. Counts and holds nothing. */
  check(userId: string, body: CheckUsage, options?: CallOptions): Promise<Decided<Choice, ToldUsage>>;
  /** Counts all of it, or nothing. Negative amounts give back. */
  consume(userId: string, body: ConsumeUsage, options?: CallOptions): Promise<Decided<Choice, ToldUsage>>;
  /** Counts whatever the limit says; for an admin. */
  adjust(userId: string, body: AdjustUsage, options?: CallOptions): Promise<Done<Choice, ToldUsage>>;
  /** Holds all of it, or nothing, until it is committed, released or expires. */
  reserve(userId: string, body: ReserveUsage, options?: CallOptions): Promise<Decided<Choice, ToldReservation>>;
  /** Counts what was used and gives back the rest; without amounts, all of it was used. Null commits nothing, unasked. */
  commit(
    userId: string,
    reservationId: ReservationId<Choice>,
    body?: CommitReservation,
    options?: CallOptions,
  ): Promise<Done<Choice, ToldReservation>>;
  /** Gives all of it back. Null releases nothing, unasked. */
  release(
    userId: string,
    reservationId: ReservationId<Choice>,
    options?: CallOptions,
  ): Promise<Done<Choice, ToldReservation>>;
  /** Where the user stands. There is nothing to assume: an EOM that cannot be reached is thrown, whatever was chosen. */
  usage(userId: string, options?: Pick<CallOptions, "signal">): Promise<UserUsage>;
}

const usage: Telling<ToldUsage> = {
  tell: (body) => ({ usage: body["usage"] as Metering["usage"] }),
  nothing: { usage: null },
};

// The body was held against what marks a reservation when it was judged.
const reservation: Telling<ToldReservation> = {
  tell: (body) => ({ reservation: body as unknown as Reservation }),
  nothing: { reservation: null },
};

/**
 * Keeps nothing between calls and holds nothing open; make one and use it for all orders.
 *
 * @throws TypeError for options that cannot be used
 */
export function createEomClient<const Choice extends WhenUnreachable>(
  options: EomClientOptions<Choice>,
): EomClient<Choice> {
  const settings = parseOptions(options);
  const client: EomClient<"failOpen"> = {
    check: async (userId, body, options) => decide(settings, toCall("check", userId, null, body, options), usage),
    consume: async (userId, body, options) => decide(settings, toCall("consume", userId, null, body, options), usage),
    adjust: async (userId, body, options) => settle(settings, toCall("adjust", userId, null, body, options), usage),
    reserve: async (userId, body, options) =>
      decide(settings, toCall("reserve", userId, null, body, options), reservation),
    commit: async (userId, id, body = {}, options = {}) =>
      settle(settings, toCall("commit", userId, id, body, options), reservation),
    release: async (userId, id, options) =>
      settle(settings, toCall("release", userId, id, undefined, options), reservation),
    usage: async (userId, { signal } = {}) => {
      const nothing = { reservationId: null, body: undefined, idempotencyKey: null };
      return (await read(settings, { operation: "usage", userId, signal, ...nothing })) as unknown as UserUsage;
    },
  };
  // Failing closed, the same functions throw where failing open they tell of an EOM that cannot be reached.
  return client as unknown as EomClient<Choice>;
}

/** @throws RangeError for a key that is none: as a header, `fetch` would refuse it as if EOM could not be reached */
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
  throw new RangeError("idempotencyKey wants 1 to 255 printable ASCII characters");
}
