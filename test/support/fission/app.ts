import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAppClient } from "../http/app-client.ts";
import { type Answer, createServerApp, type TestApp } from "../http/server-app.ts";
import { type Bundle, buildBundle, findFunctionNode } from "./bundle.ts";
import { type Answered, type Fission, startFission } from "./fission.ts";
import type { Variant } from "./specs.ts";

export interface FissionApp extends TestApp {
  readonly fission: Fission;
  /** The same program without functions, on the same database, with the same tokens. */
  readonly direct: TestApp["request"];
}

/** The whole program behind our functions, as Fission runs them; otherwise as {@link createServerApp}. */
export async function createFissionApp(
  variant: Variant,
  environment: Record<string, string> = {},
): Promise<FissionApp> {
  const app = await createServerApp("postgres", environment);
  const bundle: Bundle = await buildBundle(tmpdir());
  const fission = startFission({
    variant,
    bundle: bundle.folder,
    node: findFunctionNode(),
    environment: {
      EOM_DATABASE_URL: app.database.url ?? "",
      EOM_DATABASE_POOL: "2",
      // The server allows loopback by itself, because it takes its database for the embedded one.
      EOM_EGRESS_ALLOW: "127.0.0.1",
      EOM_KEY_FILE: join(app.dataDir, "key"),
      ...environment,
    },
  });
  const ask =
    (send: (...request: Sent) => Promise<Answer>): TestApp["request"] =>
    (method, path, body, options = {}) => {
      const role = options.role === undefined ? "admin" : options.role;
      const headers = {
        ...(role === null ? {} : { authorization: `Bearer ${app.tokens[role]}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...options.headers,
      };
      return send(method, path, headers, typeof body === "string" || body === undefined ? body : JSON.stringify(body));
    };
  const fetch: TestApp["fetch"] = async (path, { method = "GET", headers, body } = {}) => {
    if (body !== undefined && body !== null && typeof body !== "string") throw new Error("the body must be text");
    const answered = await fission.request(method, path, Object.fromEntries(new Headers(headers)), body ?? undefined);
    return toResponse(answered);
  };
  return {
    ...app,
    get log() {
      return [...app.log, ...fission.output];
    },
    fission,
    request: ask(async (...request) => toRead(await fission.request(...request))),
    direct: ask(async (method, path, headers, body) => {
      const response = await app.program.app.request(path, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
      });
      const answered = Buffer.from(await response.arrayBuffer());
      return read(response.status, response.headers, answered);
    }),
    fetch,
    eom: createAppClient(fetch, app.tokens.admin),
    async close() {
      await fission.close();
      await bundle.remove();
      await app.close();
    },
  };
}

type Sent = [method: string, path: string, headers: Record<string, string>, body: string | undefined];

function toRead({ status, headers, body }: Answered): Answer {
  return read(status, toHeaders(headers), body);
}

function toResponse({ status, headers, body }: Answered): Response {
  const isWithout = status === 204 || status === 304;
  return new Response(isWithout ? null : new Uint8Array(body), { status, headers: toHeaders(headers) });
}

function toHeaders(headers: Answered["headers"]): Headers {
  return new Headers(
    Object.entries(headers).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value ?? ""]).map((text): [string, string] => [name, text]),
    ),
  );
}

function read(status: number, headers: Headers, body: Buffer): Answer {
  const text = body.toString("utf8");
  const isJson = headers.get("content-type")?.includes("json") === true && text !== "";
  return { status, headers, body: isJson ? JSON.parse(text) : text };
}
