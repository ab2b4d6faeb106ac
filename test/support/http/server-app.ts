import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import type { Hono } from "hono";
import type { EomClient } from "../../../clients/typescript/src/client.ts";
import { composeOn, type Program } from "../../../src/compose/program.ts";
import { readConfig } from "../../../src/platform/config/config.ts";
import { createLogger } from "../../../src/platform/log.ts";
import type { Role } from "../../../src/platform/resource/caller.ts";
import { createChange } from "../../../src/platform/resource/change.ts";
import { createTestDatabase, type DatabaseKind, type TestDatabase } from "../database/database.ts";
import { createAppClient } from "./app-client.ts";

export interface TestApp {
  readonly program: Program;
  readonly database: TestDatabase;
  /** Every line logged so far, as text. */
  readonly log: readonly string[];
  readonly dataDir: string;
  readonly tokens: Readonly<Record<Role, string>>;
  /** Sends a request as an admin, unless `role` or an authorization header is given. */
  readonly request: (method: string, path: string, body?: unknown, options?: RequestOptions) => Promise<Answer>;
  /** Sends a request unchanged and returns the raw response: for bodies that are not JSON. */
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
  /** @eom/client as an admin, over {@link fetch}: for suites that test no raw HTTP. */
  readonly eom: EomClient;
  close(): Promise<void>;
}

interface RequestOptions {
  readonly role?: Role | null;
  readonly headers?: Record<string, string>;
}

/** An answer with its body read: parsed if it is JSON, else as text. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it by path
  readonly body: any;
}

/** The whole program on a database of its own. Requests go through `app.request`, without a socket. */
export async function createServerApp(kind: DatabaseKind, environment: Record<string, string> = {}): Promise<TestApp> {
  const dataDir = await mkdtemp(join(tmpdir(), "eom-app-"));
  const database = await createTestDatabase(kind);
  const log: string[] = [];
  const config = readConfig({ EOM_DATA_DIR: dataDir, ...environment }, []);
  const program = await composeOn(
    { ...database, lock: null },
    config,
    createLogger({ level: "trace", format: "json" }, collect(log)),
  );
  const tokens = await createTokens(program);
  const request: TestApp["request"] = (method, path, body, options = {}) =>
    ask(program.app, tokens, method, path, body, options);
  const fetch: TestApp["fetch"] = async (path, init) => program.app.request(path, init);
  const close = async () => {
    await program.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  const eom = createAppClient(fetch, tokens.admin);
  return { program, database, log, dataDir, tokens, request, fetch, eom, close };
}

function collect(lines: string[]): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
}

async function createTokens(program: Program): Promise<Record<Role, string>> {
  const actor = { subject: "test", onBehalfOf: null, requestId: null };
  const create = async (role: Role) =>
    (await program.access.create({ label: role, role, expires_at: null }, createChange(actor))).token;
  return {
    viewer: await create("viewer"),
    meter: await create("meter"),
    operator: await create("operator"),
    admin: await create("admin"),
  };
}

async function ask(
  app: Hono,
  tokens: Record<Role, string>,
  method: string,
  path: string,
  body: unknown,
  options: RequestOptions,
): Promise<Answer> {
  const role = options.role === undefined ? "admin" : options.role;
  const headers: Record<string, string> = {
    ...(role === null ? {} : { authorization: `Bearer ${tokens[role]}` }),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...options.headers,
  };
  const payload = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
  const response = await app.request(path, { method, headers, ...payload });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
