import { bindNoun } from "./bind.ts";
import { type ConnectionOptions, parseConnection } from "./connection/options.ts";
import * as operations from "./generated/operations.ts";
import type { Nouns } from "./generated/types.ts";
import { createWithReservation, type WithReservation } from "./reservation.ts";

// This file is the package `@eom/client`: it exports everything that users import.

export type * from "./call-options.ts";
export type { CircuitBreakerOptions } from "./connection/breaker.ts";
export * from "./connection/errors.ts";
export type { ConnectionOptions } from "./connection/options.ts";
export type { UndecidedReason } from "./connection/undecided.ts";
export type * from "./generated/types.ts";
export type { OnlyPage, Page, Pages } from "./pages.ts";
export type { WithReservation, WithReservationOptions } from "./reservation.ts";

/**
 * The client of EOM: all operations, by noun and verb. Each rejects with an EomError of the class of its code, and with
 * EomUnreachableError if EOM gave no answer; with RangeError for an id that no URL can have or a key that no header can have.
 */
export interface EomClient extends Nouns {
  readonly withReservation: WithReservation;
}

/**
 * A storage's verification may take half a minute. The circuit breaker is off: scripts and consoles make one call at a time, and
 * whoever tries again wants an attempt. A page of a hundred sessions or a log has far below 16 MiB.
 */
const defaults = {
  timeoutMilliseconds: 60_000,
  attempts: 4,
  deadlineMilliseconds: 120_000,
  circuitBreaker: false,
  maxAnswerBytes: 16 * 1024 * 1024,
} as const;

/**
 * Creates a client. By default an attempt has 60 seconds, a call 4 attempts and 120 seconds.
 *
 * @throws TypeError for options that cannot be used
 */
export function createEomClient(options: ConnectionOptions): EomClient {
  const connection = parseConnection(options, defaults);
  const { root, ...named } = operations;
  const nouns = Object.entries(named).map(([noun, rows]) => [noun, bindNoun(rows, connection)]);
  // The generated interface has the types of the generated table.
  const client = { ...Object.fromEntries(nouns), ...bindNoun(root, connection) } as unknown as Nouns;
  return { ...client, withReservation: createWithReservation(client.reservations) };
}
