import { type Connection, type ConnectionOptions, parseConnection } from "../connection/options.ts";
import type { UndecidedReason } from "../connection/undecided.ts";
import type { OperationName } from "./operations.ts";
import type { WhenUnreachable } from "./outcome.ts";

/**
 * The options of {@link createMeteringClient}. The token needs the role `meter`; adjust needs `admin`. By default an attempt has
 * 1000 milliseconds, a call 3 attempts and 5000 milliseconds, and the circuit opens after 5 calls in a row without an answer.
 */
export interface MeteringOptions<Choice extends WhenUnreachable = WhenUnreachable> extends ConnectionOptions {
  /**
   * Whether to go on or to throw when EOM cannot be reached. There is no default: only the order service knows whether an uncounted order or a
   * refused one costs more.
   */
  readonly whenUnreachable: Choice;
  /** Is called for each call that failed open: log it, count it, repeat it later. An error that it throws is ignored. */
  readonly onFailOpen?: ((event: FailOpenEvent) => void) | undefined;
}

/** A call that failed open, with everything that it takes to make it again with the same key. */
export interface FailOpenEvent {
  readonly operation: OperationName;
  readonly userId: string;
  /** For commit and release; null if EOM could not be reached to reserve. */
  readonly reservationId: string | null;
  readonly body: unknown;
  readonly idempotencyKey: string;
  readonly reason: UndecidedReason;
  readonly detail: string | null;
  readonly attempts: number;
}

/** The options, checked, with every default filled in. */
export interface Settings {
  readonly connection: Connection;
  readonly whenUnreachable: WhenUnreachable;
  readonly onFailOpen: (event: FailOpenEvent) => void;
}

/** An order waits for the answer: seconds are long. An answer of metering has one or two kilobytes. */
const defaults = {
  timeoutMilliseconds: 1000,
  attempts: 3,
  deadlineMilliseconds: 5000,
  circuitBreaker: {},
  maxAnswerBytes: 256 * 1024,
};

/** @throws TypeError for an option that cannot be used. Its message contains neither the token nor the URL's password */
export function parseOptions(options: MeteringOptions): Settings {
  if (options.whenUnreachable !== "failOpen" && options.whenUnreachable !== "failClosed") {
    throw new TypeError('whenUnreachable must be "failOpen" or "failClosed"');
  }
  return {
    connection: parseConnection(options, defaults),
    whenUnreachable: options.whenUnreachable,
    onFailOpen: options.onFailOpen ?? (() => {}),
  };
}
