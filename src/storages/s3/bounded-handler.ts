import type { Readable } from "node:stream";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { BodyTooLarge, readBounded } from "../../platform/outbound/read-bounded.ts";
import { type AnswerBounds, isCheapToParse, toAnswerBounds } from "./answer-bounds.ts";

/**
 * Smithy's handler for Node with bounds for each answer, because the SDK collects and parses it whole. An answer beyond
 * its bounds fails with the code RESPONSE_TOO_LARGE before it is parsed.
 */
export class BoundedHttpHandler extends NodeHttpHandler {
  override async handle(...args: Parameters<NodeHttpHandler["handle"]>): ReturnType<NodeHttpHandler["handle"]> {
    const { response } = await super.handle(...args);
    const bounds = toAnswerBounds(args[0], response.statusCode);
    if (bounds !== null) response.body = await readAnswer(response.body as Readable, bounds);
    return { response };
  }
}

async function readAnswer(body: Readable, bounds: AnswerBounds): Promise<Uint8Array> {
  try {
    const answer = await readBounded(body, bounds.maxBytes);
    if (isCheapToParse(answer, bounds)) return answer;
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) throw error;
  }
  throw Object.assign(new Error("The answer is larger than any answer of S3 to this request"), {
    code: "RESPONSE_TOO_LARGE",
  });
}
