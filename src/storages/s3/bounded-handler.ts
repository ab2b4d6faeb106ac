import { pipeline, type Readable, Transform } from "node:stream";
import { NodeHttpHandler } from "@smithy/node-http-handler";

/**
 * The SDK collects a whole answer in memory before it parses it. The largest valid answer, a page of 1000 keys of 1024
 * bytes, is 3 MB when every byte is URL-encoded to three, and below 4 MB with the rest of each entry.
 */
const maxResponseBytes = 8 * 1024 * 1024;

/** Smithy's handler for Node with a limit of 8 MiB per answer. A larger answer fails with the code RESPONSE_TOO_LARGE. */
export class BoundedHttpHandler extends NodeHttpHandler {
  override async handle(...args: Parameters<NodeHttpHandler["handle"]>): ReturnType<NodeHttpHandler["handle"]> {
    const { response } = await super.handle(...args);
    response.body = limit(response.body as Readable);
    return { response };
  }
}

function limit(body: Readable): Readable {
  let bytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= maxResponseBytes) return done(null, chunk);
      done(
        Object.assign(new Error(`The answer is larger than ${maxResponseBytes} bytes`), { code: "RESPONSE_TOO_LARGE" }),
      );
    },
  });
  // The reader of the counter gets its error. Without a callback, pipeline would throw the error as well.
  return pipeline(body, counter, () => {});
}
