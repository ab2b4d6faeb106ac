import { maxBodyBytes } from "../platform/http/body.ts";
import type { ExpressApp, FissionAnswer, FissionContext } from "./context.ts";
import type { RawBody } from "./to-request.ts";

type Answerer = (context: FissionContext, raw: RawBody | null) => Promise<FissionAnswer>;

/**
 * Takes over two things that the environment's Express application does by itself: it answers a body that it cannot parse in
 * HTML, with a stack trace, and it adds entity tags that are not EOM's. The first request of each application turns the tags
 * off and adds an error handler, which passes the unparsed body to `answer`. Without an Express application nothing changes.
 *
 * @returns to be called with each request, before it is answered
 */
export function createExpressTakeover(answer: Answerer): (context: FissionContext) => void {
  const takenOver = new WeakSet<ExpressApp>();
  return ({ request, response }) => {
    const { app } = request;
    // Express has set it on this response already.
    response.removeHeader("x-powered-by");
    if (app === undefined || takenOver.has(app)) return;
    takenOver.add(app);
    app.set("etag", false);
    app.set("x-powered-by", false);
    // Express recognises an error handler by its four parameters.
    app.use(async (error, failed, failedResponse, _next) => {
      const context = { request: failed, response: failedResponse };
      send(context, await answer(context, toRawBody(error)));
    });
  };
}

/** body-parser's error has the text that it could not parse, or the length that it refused to read. */
function toRawBody(error: unknown): RawBody | null {
  const { type, body, length } = error as { type?: unknown; body?: unknown; length?: unknown };
  if (type === "entity.parse.failed" && typeof body === "string") return { text: body };
  if (type === "entity.too.large") return { bytes: Math.max(Number(length) || 0, maxBodyBytes + 1) };
  return null;
}

function send({ response }: FissionContext, { status, headers, body }: FissionAnswer): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.statusCode = status;
  response.end(body);
}
