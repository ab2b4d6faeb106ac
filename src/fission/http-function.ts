import { fail } from "../platform/failure.ts";
import type { FissionContext, FissionFunction } from "./context.ts";
import { createExpressSettler } from "./express.ts";
import { toFailingAnswer } from "./failing-answer.ts";
import type { Pod } from "./pod.ts";
import { findHttpFunction, type HttpFunctionName } from "./table.ts";
import { findTarget } from "./target.ts";
import { toAnswer } from "./to-answer.ts";
import { type RawBody, toRequest } from "./to-request.ts";

/** Serves the paths of the function of this name through the app, and never throws. */
export function createHttpFunction(name: HttpFunctionName, pod: Pod): FissionFunction {
  async function answer(context: FissionContext, raw: RawBody | null) {
    try {
      const target = findTarget(context.request, pod.routes);
      refuseForeign(name, target);
      const request = toRequest(context, target, raw);
      // Express would judge it once more, by the tag alone, and answer 304 where the app says that the answer is another.
      delete context.request.headers["if-none-match"];
      const { app } = await pod.program();
      return await toAnswer(await app.fetch(request), context.response);
    } catch (error) {
      return toFailingAnswer(error, context, { log: pod.log, name });
    }
  }

  const settle = createExpressSettler(answer);
  return async (context) => {
    // A WebSocket is handed over in place of a context.
    if (context.request === undefined) return closeSocket(context);
    settle(context);
    return answer(context, null);
  };
}

/** Inside the cluster a function can be called with any path. */
function refuseForeign(name: HttpFunctionName, target: string): void {
  const path = target.split("?")[0] ?? "/";
  if (findHttpFunction(path) === name) return;
  throw fail("ROUTE_NOT_FOUND", `There is no such path in the function ${name}; /openapi.json lists what is`, null);
}

function closeSocket(socket: unknown) {
  (socket as { close?: () => void }).close?.();
  return { status: 400, headers: {} };
}
