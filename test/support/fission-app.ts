import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestApp, type TestApp, type Told } from "./app.ts";
import { type Answered, type Fission, startFission } from "./fission.ts";
import { type Bundle, buildBundle, findFunctionNode } from "./fission-bundle.ts";
import type { Variant } from "./fission-specs.ts";

export interface FissionApp extends TestApp {
  readonly fission: Fission;
  /** The same program without functions, on the same database, with the same tokens. */
  readonly direct: TestApp["request"];
}

/** The whole program through our functions as Fission would run them; in all else as {@link createTestApp}. */
export async function createFissionApp(
  variant: Variant,
  environment: Record<string, string> = {},
): Promise<FissionApp> {
  const app = await createTestApp("postgres", environment);
  const bundle: Bundle = await buildBundle(tmpdir());
  const fission = startFission({
    variant,
    bundle: bundle.folder,
    node: findFunctionNode().path,
    environment: {
      EOM_DATABASE_URL: app.database.url ?? "",
      EOM_DATABASE_POOL: "2",
      // As it is for the server itself, which thinks it is on its embedded database.
      EOM_EGRESS_ALLOW: "127.0.0.1",
      EOM_KEY_FILE: join(app.dataDir, "key"),
      ...environment,
    },
  });
  const tokens = await createTokens(app);
  const ask =
    (send: (...request: Sent) => Promise<Told>): TestApp["request"] =>
    (method, path, body, options = {}) => {
      const role = options.role === undefined ? "admin" : options.role;
      const headers = {
        ...(role === null ? {} : { authorization: `Bearer ${tokens[role]}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...options.headers,
      };
      return send(method, path, headers, typeof body === "string" || body === undefined ? body : JSON.stringify(body));
    };
  return {
    ...app,
    fission,
    request: ask(async (...request) => tell(await fission.request(...request))),
    direct: ask(async (method, path, headers, body) => {
      const response = await app.program.app.request(path, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
      });
      const answered = Buffer.from(await response.arrayBuffer());
      return read(response.status, response.headers, answered);
    }),
    async close() {
      await fission.close();
      await bundle.remove();
      await app.close();
    },
  };
}

type Sent = [method: string, path: string, headers: Record<string, string>, body: string | undefined];

async function createTokens(app: TestApp): Promise<Readonly<Record<string, string>>> {
  const tokens: Record<string, string> = {};
  for (const role of ["viewer", "meter", "operator", "admin"])
    tokens[role] = (await app.request("POST", "/eom/admin/tokens", { label: role, role })).body.token;
  return tokens;
}

function tell({ status, headers, body }: Answered): Told {
  const lists = Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? ""]).map((one): [string, string] => [name, one]),
  );
  return read(status, new Headers(lists), body);
}

function read(status: number, headers: Headers, body: Buffer): Told {
  const text = body.toString("utf8");
  const isJson = headers.get("content-type")?.includes("json") === true && text !== "";
  return { status, headers, body: isJson ? JSON.parse(text) : text };
}
