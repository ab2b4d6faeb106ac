import { answerWithin } from "./answer-within.ts";
import { readBounded } from "./read-bounded.ts";

/** The parts of a request by `fetch` that are the same for each request. */
interface FetchOptions {
  /** No redirect is followed: another server would get the headers and the body. */
  readonly redirect: "manual";
  readonly signal: AbortSignal;
}

interface Head {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
}

/** The parts that are read of a response of `fetch`, Node's own or undici's. */
interface FetchResponse extends Head {
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** An answer that has arrived whole. */
export interface WholeAnswer extends Head {
  readonly text: string;
}

/** The limits of one exchange. */
export interface ExchangeLimits {
  /** From the resolution of the name to the last byte of the answer. */
  readonly seconds: number;
  /** For the body of the answer, after its decompression. */
  readonly maxBytes: number;
  /** Called at the limit of time; throws the error of the exchange. */
  readonly onLate: () => never;
  /** Ends the exchange early, with its own reason. */
  readonly caller?: AbortSignal | undefined;
}

/**
 * Sends one request by `fetch` and reads the whole answer. It always settles within `seconds`, whatever the peer does:
 * `fetch` itself waits for ever for a body that comes byte by byte, and for a peer that sends interim answers.
 *
 * @throws BodyTooLarge when the answer goes on after `maxBytes`; what `send` or `onLate` throws; the reason of `caller`
 * @example
 * await exchangeWithin({ seconds: 5, maxBytes: 65_536, onLate }, (options) => fetch(url, { ...options, method: "POST", body }));
 */
export function exchangeWithin(
  { seconds, maxBytes, onLate, caller }: ExchangeLimits,
  send: (options: FetchOptions) => Promise<FetchResponse>,
): Promise<WholeAnswer> {
  const exchange = async (signal: AbortSignal): Promise<WholeAnswer> => {
    const { status, headers, body } = await send({ redirect: "manual", signal });
    return { status, headers, text: (await readBounded(body, maxBytes)).toString("utf8") };
  };
  return answerWithin(seconds, exchange, onLate, caller);
}
