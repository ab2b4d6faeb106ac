import { z } from "../resource/schema.ts";
import { defineRoute, type Route } from "./route.ts";
import type { StaticFile } from "./static-file.ts";

/** A route that serves one file. `load` is called at the first request, and again if it failed. */
export function createStaticRoute(
  path: string,
  load: () => Promise<StaticFile>,
  headers: Readonly<Record<string, string>>,
): Route {
  let loaded: Promise<StaticFile> | undefined;
  const loadOnce = () => {
    loaded ??= load().catch((error) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
  return defineRoute(
    {
      method: "GET",
      path,
      operationId: path,
      tag: "system",
      summary: "A file",
      role: "public",
      query: z.object({}),
      answers: {},
      failures: [],
    },
    async () => ({ status: 200, file: await loadOnce(), headers }),
  );
}
