import type { OperationName } from "./operations.ts";
import type { UndecidedReason, WhenUnreachable } from "./outcome.ts";

/** The options of {@link createEomClient}. */
export interface EomClientOptions<Choice extends WhenUnreachable = WhenUnreachable> {
  /** EOM's address, such as `https://eom.example.org`; it may have a path. */
  readonly baseUrl: string;
  /** A token of the role `meter`; adjust needs `admin`. */
  readonly token: string;
  /**
   * Whether to go on or to throw when EOM cannot be reached. There is no default: only the order service knows whether an uncounted order or a
   * refused one costs more.
   */
  readonly whenUnreachable: Choice;
  /** Is called for each call that failed open: log it, count it, repeat it later. An error that it throws is ignored. */
  readonly onFailOpen?: ((event: FailOpenEvent) => void) | undefined;
  /** For one attempt, with reading its answer. 1000 by default. */
  readonly timeoutMilliseconds?: number | undefined;
  /** 3 by default. */
  readonly attempts?: number | undefined;
  /** For a whole call, with all attempts and pauses. 5000 by default. */
  readonly deadlineMilliseconds?: number | undefined;
  /** The pause before the second attempt; it doubles before each further one, up to 2000. 100 by default. */
  readonly backoffMilliseconds?: number | undefined;
  /** From 0 (included) to 1 (excluded), for half of each pause. `Math.random` by default. */
  readonly random?: (() => number) | undefined;
  /** The global `fetch` by default. */
  readonly fetch?: typeof fetch | undefined;
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
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly token: string;
  readonly whenUnreachable: WhenUnreachable;
  readonly onFailOpen: (event: FailOpenEvent) => void;
  readonly timeoutMilliseconds: number;
  readonly attempts: number;
  readonly deadlineMilliseconds: number;
  readonly backoffMilliseconds: number;
  readonly random: () => number;
  readonly fetch: typeof fetch;
}

/** @throws TypeError for an option that cannot be used. Its message contains neither the token nor the URL's password */
export function parseOptions(options: EomClientOptions): Settings {
  if (options.whenUnreachable !== "failOpen" && options.whenUnreachable !== "failClosed") {
    throw new TypeError('whenUnreachable must be "failOpen" or "failClosed"');
  }
  return {
    baseUrl: parseBaseUrl(options.baseUrl),
    token: parseToken(options.token),
    whenUnreachable: options.whenUnreachable,
    onFailOpen: options.onFailOpen ?? (() => {}),
    timeoutMilliseconds: parsePositive("timeoutMilliseconds", options.timeoutMilliseconds ?? 1000),
    attempts: parsePositive("attempts", options.attempts ?? 3),
    deadlineMilliseconds: parsePositive("deadlineMilliseconds", options.deadlineMilliseconds ?? 5000),
    backoffMilliseconds: parsePositive("backoffMilliseconds", options.backoffMilliseconds ?? 100),
    random: options.random ?? Math.random,
    // Read at each call, so that it can be replaced later; called on globalThis, because browsers refuse any other receiver.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
  };
}

/** @throws TypeError */
function parseBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHttp = url?.protocol === "https:" || url?.protocol === "http:";
  if (url === null || !isHttp || `${url.username}${url.password}${url.search}${url.hash}` !== "") {
    throw new TypeError("baseUrl must be an http or https URL without user, password, query and fragment");
  }
  return url.href.replace(/\/+$/, "");
}

/** @throws TypeError for a token that no header can have: `fetch` would refuse it with a message that contains the token */
function parseToken(token: string): string {
  if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new TypeError("token must be printable ASCII characters without spaces");
}

/** @throws TypeError for a number that is not from 1 to 2^31-1: timers fire at once with more than 31 bits */
function parsePositive(name: string, number: number): number {
  if (Number.isInteger(number) && number >= 1 && number < 2 ** 31) return number;
  throw new TypeError(`${name} must be a whole number from 1 to 2147483647, got ${number}`);
}
