import { type Breaker, type CircuitBreakerOptions, createBreaker, noBreaker } from "./breaker.ts";

/** How the client reaches EOM. */
export interface ConnectionOptions {
  /** EOM's address, such as `https://eom.example.org`; it may have a path. */
  readonly baseUrl: string;
  /** A token of EOM or of the identity provider; a function is asked before each call, for tokens that expire. */
  readonly token: string | (() => string | Promise<string>);
  /** For one attempt, with reading its answer. */
  readonly timeoutMilliseconds?: number | undefined;
  /** All with the same key and the same bytes, so that EOM acts once. */
  readonly attempts?: number | undefined;
  /** For a whole call, with all attempts and pauses. */
  readonly deadlineMilliseconds?: number | undefined;
  /** The pause before the second attempt; it doubles before each further one, up to 2000. 100 by default. */
  readonly backoffMilliseconds?: number | undefined;
  /** Ends calls at once while EOM is away; false for none. */
  readonly circuitBreaker?: CircuitBreakerOptions | false | undefined;
  /** From 0 (included) to 1 (excluded), for half of each pause. `Math.random` by default. */
  readonly random?: (() => number) | undefined;
  /** The global `fetch` by default. */
  readonly fetch?: typeof fetch | undefined;
}

/** Values for options that are left out. */
export interface ConnectionDefaults {
  readonly timeoutMilliseconds: number;
  readonly attempts: number;
  readonly deadlineMilliseconds: number;
  readonly circuitBreaker: CircuitBreakerOptions | false;
  /** The largest answer that is read. */
  readonly maxAnswerBytes: number;
}

/** The options, checked, with every default filled in. */
export interface Connection {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly findToken: () => Promise<string>;
  readonly timeoutMilliseconds: number;
  readonly attempts: number;
  readonly deadlineMilliseconds: number;
  readonly backoffMilliseconds: number;
  readonly maxAnswerBytes: number;
  readonly breaker: Breaker;
  readonly random: () => number;
  readonly fetch: typeof fetch;
}

/** @throws TypeError for an option that cannot be used. Its message contains neither the token nor the URL's password */
export function parseConnection(options: ConnectionOptions, defaults: ConnectionDefaults): Connection {
  return {
    baseUrl: parseBaseUrl(options.baseUrl),
    findToken: parseTokenOption(options.token),
    timeoutMilliseconds: parsePositive(
      "timeoutMilliseconds",
      options.timeoutMilliseconds ?? defaults.timeoutMilliseconds,
    ),
    attempts: parsePositive("attempts", options.attempts ?? defaults.attempts),
    deadlineMilliseconds: parsePositive(
      "deadlineMilliseconds",
      options.deadlineMilliseconds ?? defaults.deadlineMilliseconds,
    ),
    backoffMilliseconds: parsePositive("backoffMilliseconds", options.backoffMilliseconds ?? 100),
    maxAnswerBytes: defaults.maxAnswerBytes,
    breaker: parseBreaker(options.circuitBreaker ?? defaults.circuitBreaker),
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

/** @throws TypeError for a token of the options that no header can have */
function parseTokenOption(token: ConnectionOptions["token"]): () => Promise<string> {
  if (typeof token === "function") return async () => parseToken(await token());
  const text = parseToken(token);
  return async () => text;
}

/** @throws TypeError for a token that no header can have: `fetch` would refuse it with a message that contains the token */
function parseToken(token: string): string {
  if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new TypeError("token must be printable ASCII characters without spaces");
}

/** @throws TypeError */
function parseBreaker(options: CircuitBreakerOptions | false): Breaker {
  if (options === false) return noBreaker;
  const failures = parsePositive("circuitBreaker.failures", options.failures ?? 5);
  const openMilliseconds = parsePositive("circuitBreaker.openMilliseconds", options.openMilliseconds ?? 5000);
  return createBreaker({ failures, openMilliseconds }, () => performance.now());
}

/**
 * Checks a number of milliseconds or attempts.
 *
 * @throws TypeError for a number that is not from 1 to 2^31-1: timers fire at once with more than 31 bits
 */
export function parsePositive(name: string, number: number): number {
  if (Number.isInteger(number) && number >= 1 && number < 2 ** 31) return number;
  throw new TypeError(`${name} must be a whole number from 1 to 2147483647, got ${number}`);
}
