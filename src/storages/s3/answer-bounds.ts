/** The largest size of one kind of answer. */
export interface AnswerBounds {
  readonly maxBytes: number;
  /** Limit for tags, and for entities such as `&amp;`: both cost the SDK's parser far more than their bytes. */
  readonly maxMarks: number;
}

/** The parts of a request that decide what its answer can be. */
interface BoundedRequest {
  readonly method: string;
  readonly query: Readonly<Record<string, unknown>>;
}

/** An error of S3 has below 2 KiB. The rest is for pages of proxies and consoles, whose kind EOM still reports. */
const baseBytes = 64 * 1024;

/** Tags of an HTML page of {@link baseBytes}, with room. */
const baseMarks = 4_000;

/** A key of 1024 bytes has 3072 when each byte is URL-encoded; the other fields of its entry have below 1 KiB. */
const bytesOfKey = 4 * 1024;

/** An entry has up to 18 elements, so 36 tags. */
const marksOfKey = 40;

/** Keys of a list when the request names no `max-keys`. */
const maxKeysOfList = 1000;

/**
 * The bounds of an answer, or null for the content of an object: its reader stops after the bytes that it needs.
 *
 * Example: the answer to a list of one key has at most 68 KiB, a page of 1000 keys at most 4.2 MB.
 */
export function toAnswerBounds({ method, query }: BoundedRequest, status: number): AnswerBounds | null {
  const isSuccess = status >= 200 && status < 300;
  const isList = query["list-type"] !== undefined;
  if (method === "GET" && !isList && isSuccess) return null;
  const keys = isList && isSuccess ? Number(query["max-keys"] ?? maxKeysOfList) : 0;
  return { maxBytes: baseBytes + keys * bytesOfKey, maxMarks: baseMarks + keys * marksOfKey };
}

/**
 * Whether a parser reads the answer in a time that its bytes alone bound. It is checked before the SDK parses: 7 MB of
 * `<Contents/>` hold the process for seconds, and each `<!DOCTYPE>` makes the SDK's parser copy the whole answer.
 */
export function isCheapToParse(answer: Buffer, { maxMarks }: AnswerBounds): boolean {
  const text = answer.toString("latin1");
  const pieces = text.split("<", maxMarks + 2);
  if (pieces.length > maxMarks + 1 || pieces.some(({ length }) => length > baseBytes)) return false;
  if (text.split("&", maxMarks + 2).length > maxMarks + 1) return false;
  return pieces.filter((piece) => /^!doctype/i.test(piece)).length <= 1;
}
