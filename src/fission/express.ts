import { maxBodyBytes } from "../platform/http/body.ts";
import type { ExpressApp, FissionAnswer, FissionContext } from "./context.ts";
import type { RawBody } from "./to-request.ts";

type Answerer = (context: FissionContext, raw: RawBody | null) => Promise<FissionAnswer>;

/**
 * The environment parses bodies before a function sees them, and answers what it cannot parse by itself: in HTML, with a
 * stack trace. It marks answers with entity tags that EOM has not given. Its Express application is told of each request, so
 * from the first one on we have it leave both to us: an error handler of ours, the last one, gives the function what came.
 * In an environment that has no such application all stays as it is.
 */
export function createExpressSettler(answer: Answerer): (context: FissionContext) => void {
  const settled = new WeakSet<ExpressApp>();
  return ({ request, response }) => {
    const { app } = request;
    // Set before anybody could say no to it.
    response.removeHeader("x-powered-by");
    if (app === undefined || settled.has(app)) return;
    settled.add(app);
    app.set("etag", false);
    app.set("x-powered-by", false);
    // Express knows an error handler by its four parameters.
    app.use(async (error, failed, failedResponse, _next) => {
      const context = { request: failed, response: failedResponse };
      send(context, await answer(context, toRawBody(error)));
    });
  };
}

/** As body-parser tells: what it could not parse, or how much it would not read. */
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
