/** One attempt of a call. */
export interface Attempt {
  readonly fetch: typeof fetch;
  readonly url: string;
  readonly init: RequestInit;
  /** For connecting, waiting and reading together. */
  readonly milliseconds: number;
  /** An answer with more is not read to its end. */
  readonly maxBytes: number;
  /** The caller's signal. */
  readonly signal: AbortSignal | undefined;
}

/** An answer of any server. */
export interface Reply {
  readonly kind: "replied";
  readonly status: number;
  readonly headers: Headers;
  /** Null if it has more than `maxBytes`. */
  readonly text: string | null;
}

/** No answer, or not a whole one. */
export interface Loss {
  readonly kind: "lost";
  readonly reason: "timeout" | "no_connection";
  /** The system's error code, such as `ECONNREFUSED`. Its message is left out: it may contain anything. */
  readonly detail: string | null;
}

/**
 * Sends the request once and reads the whole answer. A timer of its own keeps the time, because a `fetch` that was passed in
 * may ignore its signal.
 *
 * @throws the signal's reason when the caller aborts
 */
export function attemptOnce({ signal, milliseconds, ...request }: Attempt): Promise<Reply | Loss> {
  const controller = new AbortController();
  return new Promise((resolve, reject) => {
    const onAbort = () => finish(() => reject(signal?.reason));
    const onTimeout = () => finish(() => resolve({ kind: "lost", reason: "timeout", detail: null }));
    const timer = setTimeout(onTimeout, milliseconds);
    function finish(answer: () => void): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      answer();
      controller.abort();
    }
    if (signal?.aborted === true) return onAbort();
    signal?.addEventListener("abort", onAbort);
    exchange(request, controller.signal).then(
      (reply) => finish(() => resolve(reply)),
      (error: unknown) =>
        finish(() => resolve({ kind: "lost", reason: "no_connection", detail: findErrorCode(error) })),
    );
  });
}

async function exchange({ fetch, url, init, maxBytes }: Omit<Attempt, "signal" | "milliseconds">, signal: AbortSignal) {
  const response = await fetch(url, { ...init, signal });
  const text = await readBounded(response, maxBytes);
  return { kind: "replied", status: response.status, headers: response.headers, text } as const;
}

/** The text of the answer; null if it has more than `maxBytes`. */
async function readBounded({ body }: Response, maxBytes: number): Promise<string | null> {
  if (body === null) return "";
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      // Not awaited: the answer is refused whether the cancellation succeeds or not.
      reader.cancel().catch(() => {});
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** `fetch` only reports that it failed; the system's code is in one of its causes. */
function findErrorCode(error: unknown): string | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = "code" in cause ? cause.code : null;
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]{1,40}$/.test(code)) return code;
  }
  return null;
}
