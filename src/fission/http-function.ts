import { fail } from "../platform/failure.ts";
import type { FissionContext, FissionFunction } from "./context.ts";
import { createExpressTakeover } from "./express.ts";
import { toFailingAnswer } from "./failing-answer.ts";
import type { Pod } from "./pod.ts";
import { findHttpFunction, type HttpFunctionName } from "./table.ts";
import { findTarget } from "./target.ts";
import { toAnswer } from "./to-answer.ts";
import { type RawBody, toRequest } from "./to-request.ts";

/** Serves the paths that {@link findHttpFunction} gives to this name. Never throws: a failure becomes an answer. */
export function createHttpFunction(name: HttpFunctionName, pod: Pod): FissionFunction {
  async function answer(context: FissionContext, raw: RawBody | null) {
    try {
      const target = findTarget(context.request, pod.routes);
      refuseOtherPath(name, target);
      const request = toRequest(context, target, raw);
      // Express compares it too, by the tag alone, and would replace the app's full answer by 304.
      delete context.request.headers["if-none-match"];
      const { app } = await pod.program();
      return await toAnswer(await app.fetch(request), context.response);
    } catch (error) {
      return toFailingAnswer(error, context, { log: pod.log, name });
    }
  }

  const takeOverExpress = createExpressTakeover(answer);
  return async (context) => {
    // The environment passes a WebSocket in place of a context.
    if (context.request === undefined) return closeSocket(context);
    takeOverExpress(context);
    return answer(context, null);
  };
}

/**
 * The router calls a function with its own paths alone; a caller inside the cluster can use any path.
 *
 * @throws ROUTE_NOT_FOUND when another function serves the path, or none
 */
function refuseOtherPath(name: HttpFunctionName, target: string): void {
  const path = target.split("?")[0] ?? "/";
  if (findHttpFunction(path) === name) return;
  throw fail(
    "ROUTE_NOT_FOUND",
    `The function ${name} does not serve this path; /openapi.json lists the paths of EOM`,
    null,
  );
}

function closeSocket(socket: unknown) {
  (socket as { close?: () => void }).close?.();
  return { status: 400, headers: {} };
}
