import { pipeline, type Readable, Transform } from "node:stream";
import { NodeHttpHandler } from "@smithy/node-http-handler";

/**
 * A page of 1000 keys of 1024 bytes, each byte URL-encoded to three, is 3 MB; with the rest of each entry below 4 MB.
 * The SDK gathers a whole answer in memory before it parses it.
 */
const maxResponseBytes = 8 * 1024 * 1024;

/** Node's handler, with an end to what a server may answer. Fails with the code RESPONSE_TOO_LARGE. */
export class BoundedHttpHandler extends NodeHttpHandler {
  override async handle(...args: Parameters<NodeHttpHandler["handle"]>): ReturnType<NodeHttpHandler["handle"]> {
    const { response } = await super.handle(...args);
    response.body = limit(response.body as Readable);
    return { response };
  }
}

function limit(body: Readable): Readable {
  let seenBytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seenBytes += chunk.length;
      if (seenBytes <= maxResponseBytes) return done(null, chunk);
      done(Object.assign(new Error("The answer is too large"), { code: "RESPONSE_TOO_LARGE" }));
    },
  });
  // The counter's own error is the one that the reader sees; the callback only keeps it from being thrown.
  return pipeline(body, counter, () => {});
}
