import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

type VaultCall = {
  /** Method and path below `/v1/`, as "GET secret/data/a". */
  readonly call: string;
  readonly token: string | undefined;
  readonly namespace: string | undefined;
  readonly body: string;
};

type Reply = { readonly status: number; readonly body?: unknown };

/** Answers instead of Vault, or does not answer. `handle` carries out the request and returns the right answer. */
export type Misbehaviour = (exchange: {
  readonly call: VaultCall;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  handle(): Reply;
}) => void;

export type MisbehavingVault = {
  readonly address: string;
  readonly token: string;
  readonly roleId: string;
  readonly secretId: string;
  /** Every call so far, oldest first. */
  readonly calls: readonly VaultCall[];
  count(pattern: RegExp): number;
  /** Applies to at most `times` calls that match `when`; other calls get the right answer. */
  misbehave(misbehaviour: Misbehaviour, options?: { when?: RegExp; times?: number }): void;
  behave(): void;
  /** Sets the lease of the next logins and renewals. */
  grant(lease: { leaseSeconds: number; renewable: boolean }): void;
  /** Refuses every token granted so far from now on, `token` too. */
  revokeTokens(): void;
  stop(): Promise<void>;
};

/** A KV version 2 server in memory, on loopback, with faults on demand that a real server does not have. */
export async function startMisbehavingVault(tls?: { cert: string; key: string }): Promise<MisbehavingVault> {
  const vault = createVaultInMemory();
  const calls: VaultCall[] = [];
  let current: { misbehaviour: Misbehaviour; when: RegExp; left: number } | null = null;

  const listen = async (request: IncomingMessage, response: ServerResponse) => {
    const call = await toCall(request);
    calls.push(call);
    const handle = () => vault.handle(call);
    if (current !== null && current.left > 0 && current.when.test(call.call)) {
      current.left -= 1;
      current.misbehaviour({ call, request, response, handle });
      return;
    }
    sendReply(response, handle());
  };
  const server = tls === undefined ? createServer(listen) : createTlsServer(tls, listen);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `${tls === undefined ? "http" : "https"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: vault.rootToken,
    roleId: vault.roleId,
    secretId: vault.secretId,
    calls,
    count: (pattern) => calls.filter(({ call }) => pattern.test(call)).length,
    misbehave: (misbehaviour, { when = /./, times = Number.POSITIVE_INFINITY } = {}) => {
      current = { misbehaviour, when, left: times };
    },
    behave: () => {
      current = null;
    },
    grant: vault.grant,
    revokeTokens: vault.revokeTokens,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Reads the request and does not answer. */
export const hang: Misbehaviour = () => {};

/** Sends the right answer after `release` is called. */
export function hold(): { readonly misbehaviour: Misbehaviour; release(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    misbehaviour: ({ response, handle }) => {
      void promise.then(() => sendReply(response, handle()));
    },
    release: resolve,
  };
}

/** Reads the request and cuts the connection. */
export const reset: Misbehaviour = ({ request }) => {
  request.socket.resetAndDestroy();
};

/** Carries out the request and cuts the connection before the answer. */
export const loseAnswer: Misbehaviour = ({ request, handle }) => {
  handle();
  request.socket.resetAndDestroy();
};

/** Begins a body and never ends it. */
export const stall: Misbehaviour = ({ response }) => {
  response.writeHead(200, { "Content-Length": "1000" });
  response.write('{"data":');
};

/** Sends JSON without end. */
export const flood: Misbehaviour = ({ response }) => {
  response.writeHead(200, { "Content-Type": "application/json" });
  const chunk = "[".repeat(65_536);
  const write = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", write);
  write();
};

/** Sends a byte at a time, without end. */
export const drip: Misbehaviour = ({ response }) => {
  response.writeHead(200, { "Content-Type": "application/json" });
  const timer = setInterval(() => response.write(" "), 20);
  response.on("close", () => clearInterval(timer));
};

/** Answers with this status and body. */
export function answer(status: number, body: unknown, headers: Record<string, string> = {}): Misbehaviour {
  return ({ response }) => {
    response.writeHead(status, headers);
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

/** Answers with an error that repeats the request, its headers and body. */
export function echo(status: number): Misbehaviour {
  return ({ call, request, response }) => {
    const errors = [`cannot handle ${JSON.stringify(request.headers)} ${call.body}`];
    response.writeHead(status, { "X-Echo": call.token ?? "" });
    response.end(JSON.stringify({ errors }));
  };
}

function createVaultInMemory() {
  const rootToken = newSecret();
  const [roleId, secretId] = [newSecret(), newSecret()];
  const tokens = new Set([rootToken]);
  const kv = new Map<string, unknown>();
  let lease = { leaseSeconds: 3600, renewable: true };

  const toAuth = (token: string): Reply => {
    tokens.add(token);
    const { leaseSeconds: lease_duration, renewable } = lease;
    return { status: 200, body: { auth: { client_token: token, lease_duration, renewable } } };
  };
  const logIn = (body: string): Reply => {
    const given = JSON.parse(body) as Record<string, string>;
    const isRight = given["role_id"] === roleId && given["secret_id"] === secretId;
    return isRight ? toAuth(newSecret()) : { status: 400, body: { errors: ["invalid role or secret ID"] } };
  };
  const handle = ({ call, token = "", body }: VaultCall): Reply => {
    if (call === "POST auth/approle/login") return logIn(body);
    if (!tokens.has(token)) return { status: 403, body: { errors: ["permission denied"] } };
    if (call === "POST auth/token/renew-self") return toAuth(token);
    if (call === "GET auth/token/lookup-self") return { status: 200, body: { data: { ttl: 0 } } };
    return handleKv(kv, call, body);
  };
  return {
    rootToken,
    roleId,
    secretId,
    handle,
    grant: (next: typeof lease) => {
      lease = next;
    },
    revokeTokens: () => tokens.clear(),
  };
}

function handleKv(kv: Map<string, unknown>, call: string, body: string): Reply {
  const [, method, part, path = ""] = /^(\w+) secret\/(data|metadata)\/(.+)$/.exec(call) ?? [];
  const key = `${method} ${part}`;
  if (key === "GET data") {
    if (!kv.has(path)) return { status: 404, body: { errors: [] } };
    return { status: 200, body: { data: { data: kv.get(path), metadata: { version: 1 } } } };
  }
  if (key === "POST data") {
    if (kv.has(path)) {
      const errors = ["check-and-set parameter did not match the current version"];
      return { status: 400, body: { errors } };
    }
    kv.set(path, (JSON.parse(body) as { data: unknown }).data);
    return { status: 200, body: { data: { version: 1 } } };
  }
  if (key === "DELETE metadata") kv.delete(path);
  if (key === "DELETE metadata" || key === "POST metadata") return { status: 204 };
  return { status: 404, body: { errors: [`no handler for route "${call}". route entry not found.`] } };
}

async function toCall(request: IncomingMessage): Promise<VaultCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const path = decodeURIComponent((request.url ?? "").replace(/^\/v1\//, ""));
  const header = (name: string) => request.headers[name]?.toString();
  return {
    call: `${request.method} ${path}`,
    token: header("x-vault-token"),
    namespace: header("x-vault-namespace"),
    body: Buffer.concat(chunks).toString("utf8"),
  };
}

function sendReply(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

function newSecret(): string {
  return `fake.${randomBytes(12).toString("hex")}`;
}
