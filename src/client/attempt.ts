/** Answers have one or two kilobytes. */
const maxAnswerBytes = 256 * 1024;

export interface Attempt {
  readonly fetch: typeof fetch;
  readonly url: string;
  readonly init: RequestInit;
  /** For connecting, waiting and reading together. */
  readonly milliseconds: number;
  /** The caller's. */
  readonly signal: AbortSignal | undefined;
}

export interface Reply {
  readonly kind: "replied";
  readonly status: number;
  readonly headers: Headers;
  /** Null when it is larger than any answer of EOM. */
  readonly text: string | null;
}

interface Loss {
  readonly kind: "lost";
  readonly reason: "timeout" | "no_connection";
  /** The system's code. Its message is left out: it is not ours to say what is in there. */
  readonly detail: string | null;
}

/**
 * Sends the request once and reads the whole answer. The time is kept here and not by the signal alone, which a `fetch`
 * that was passed in may not heed.
 *
 * @throws the signal's reason when the caller aborts
 */
export function attemptOnce({ signal, milliseconds, ...request }: Attempt): Promise<Reply | Loss> {
  const cut = new AbortController();
  return new Promise((resolve, reject) => {
    const onAbort = () => end(() => reject(signal?.reason));
    const timer = setTimeout(() => end(() => resolve({ kind: "lost", reason: "timeout", detail: null })), milliseconds);
    function end(settle: () => void): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      settle();
      cut.abort();
    }
    if (signal?.aborted === true) return onAbort();
    signal?.addEventListener("abort", onAbort);
    exchange(request, cut.signal).then(
      (reply) => end(() => resolve(reply)),
      (error: unknown) => end(() => resolve({ kind: "lost", reason: "no_connection", detail: findCode(error) })),
    );
  });
}

async function exchange({ fetch, url, init }: Pick<Attempt, "fetch" | "url" | "init">, signal: AbortSignal) {
  const response = await fetch(url, { ...init, signal });
  const text = await readText(response);
  return { kind: "replied", status: response.status, headers: response.headers, text } as const;
}

async function readText({ body }: Response): Promise<string | null> {
  if (body === null) return "";
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > maxAnswerBytes) {
      // Not waited for: whatever it does, the answer is refused.
      reader.cancel().catch(() => {});
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** `fetch` says no more than that it failed; what failed is in the cause. */
function findCode(error: unknown): string | null {
  for (let one = error; one instanceof Error; one = one.cause) {
    const code = "code" in one ? one.code : null;
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]{1,40}$/.test(code)) return code;
  }
  return null;
}
