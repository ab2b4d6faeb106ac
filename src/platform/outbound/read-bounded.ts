/** The body went on after its limit. A `RangeError`, because a size is out of its bounds. */
export class BodyTooLarge extends RangeError {
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    super(`The body has more than ${maxBytes} bytes`);
    this.name = "BodyTooLarge";
    this.maxBytes = maxBytes;
  }
}

/**
 * Reads the body of an HTTP message whole, and stops reading at the first chunk that goes beyond `maxBytes`.
 *
 * @param body null stands for an empty one, as in `response.body`
 * @throws BodyTooLarge, or what the stream throws when it breaks off
 */
export async function readBounded(body: AsyncIterable<Uint8Array> | null, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new BodyTooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
