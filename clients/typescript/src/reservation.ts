import type { CallOptions } from "./call-options.ts";
import { toIdempotencyKey } from "./connection/idempotency-key.ts";
import type { Reservation, ReservationsOperations, ReserveUsage } from "./generated/types.ts";

type Amounts = ReserveUsage["amounts"];

/** The options of {@link WithReservation}. */
export interface WithReservationOptions extends CallOptions {
  /** How long the work may take: a reservation cannot be prolonged, and expires. 900 by default, 604800 at most. */
  readonly ttl_seconds?: number | undefined;
  /** Up to 247 characters: the three calls have this key with ` reserve`, ` commit` and ` release`. Random by default. */
  readonly idempotencyKey?: string | undefined;
}

/**
 * Reserves the amounts, does the work, and commits: all that was reserved, or the amounts that the work passed to `use`. If the
 * work fails, the amounts are released and its error is thrown.
 *
 * Rejects with QuotaExceededError when the reservation is denied; the work is not started then. Rejects with ConflictError
 * RESERVATION_CLOSED when the work took longer than `ttl_seconds`: it is done, and not counted.
 */
export type WithReservation = <Result>(
  userId: string,
  amounts: Amounts,
  work: (reservation: Reservation, use: (amounts: Amounts) => void) => Promise<Result> | Result,
  options?: WithReservationOptions,
) => Promise<Result>;

/** Makes `withReservation` of the operations of reservations. */
export function createWithReservation(reservations: ReservationsOperations): WithReservation {
  return async (userId, amounts, work, { idempotencyKey, ttl_seconds, ...options } = {}) => {
    const key = toIdempotencyKey(idempotencyKey);
    const keyOf = (step: string) => ({ ...options, idempotencyKey: `${key} ${step}` });
    const reservation = await reservations.create(userId, amounts, { ...keyOf("reserve"), ttl_seconds });
    let used: Amounts | undefined;
    const result = await doWork();
    await reservations.commit(userId, reservation.id, used, keyOf("commit"));
    return result;

    async function doWork() {
      try {
        return await work(reservation, (amounts) => {
          used = amounts;
        });
      } catch (error) {
        // The caller's signal may be why the work failed; if this fails too, the reservation expires by itself.
        const { signal: _, ...release } = keyOf("release");
        await reservations.release(userId, reservation.id, release).catch(() => {});
        throw error;
      }
    }
  };
}
