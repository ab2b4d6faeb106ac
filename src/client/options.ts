import type { OperationName } from "./operations.ts";
import type { UndecidedReason, WhenUnreachable } from "./outcome.ts";

export interface EomClientOptions<Choice extends WhenUnreachable = WhenUnreachable> {
  /** Where EOM is: `https://eom.example.org`, also below a path. */
  readonly baseUrl: string;
  /** Of the role `meter`; adjust wants `admin`. */
  readonly token: string;
  /** There is no default: only the order service knows what an uncounted order costs, and what a refused one does. */
  readonly whenUnreachable: Choice;
  /** Hears of every call that failed open, to log, count or settle it later. What it throws is ignored. */
  readonly onFailOpen?: ((event: FailOpenEvent) => void) | undefined;
  /** For one attempt, its answer read. 1000 when left out. */
  readonly timeoutMilliseconds?: number | undefined;
  /** 3 when left out. */
  readonly attempts?: number | undefined;
  /** For a whole call, with all attempts and waits. 5000 when left out. */
  readonly deadlineMilliseconds?: number | undefined;
  /** Before the second attempt; doubles from there. 100 when left out. */
  readonly backoffMilliseconds?: number | undefined;
  /** From 0 (included) to 1 (excluded), for the jitter. */
  readonly random?: (() => number) | undefined;
  readonly fetch?: typeof fetch | undefined;
}

/** All that it takes to make the call again, with the same key. */
export interface FailOpenEvent {
  readonly operation: OperationName;
  readonly userId: string;
  /** Of commit and release; null if EOM could not be reached to reserve. */
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

/** @throws TypeError, which never holds the token or the URL, that may hold a password */
export function parseOptions(options: EomClientOptions): Settings {
  if (options.whenUnreachable !== "failOpen" && options.whenUnreachable !== "failClosed") {
    throw new TypeError('whenUnreachable wants "failOpen" or "failClosed"');
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
    // Looked up at each call, and called as what it is: browsers refuse a fetch that is called as another's method.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
  };
}

function parseBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHttp = url?.protocol === "https:" || url?.protocol === "http:";
  if (url === null || !isHttp || `${url.username}${url.password}${url.search}${url.hash}` !== "") {
    throw new TypeError("baseUrl wants an http or https URL without user, password, query and fragment");
  }
  return url.href.replace(/\/+$/, "");
}

/** What no header can carry, `fetch` would refuse with a message that holds it. */
function parseToken(token: string): string {
  if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new TypeError("token wants printable ASCII characters without spaces");
}

/** Timers hold 31 bits: beyond, they would fire at once. */
function parsePositive(name: string, number: number): number {
  if (Number.isInteger(number) && number >= 1 && number < 2 ** 31) return number;
  throw new TypeError(`${name} wants a whole number from 1 to 2^31-1, got ${number}`);
}
