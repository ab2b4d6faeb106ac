import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { own, partBinary, until } from "../../../scripts/parts/child.ts";
import { patience } from "../time-limits.ts";

export type VaultRequest = {
  method?: "GET" | "LIST" | "POST" | "PUT" | "DELETE";
  /** Sent as JSON. */
  body?: unknown;
  /** The root token when left out, no token when null. */
  token?: string | null;
};

export type VaultAnswer<Body = unknown> = {
  status: number;
  /** The parsed JSON body, unchecked; undefined when it has none. */
  body: Body;
};

export type RealVault = {
  /** The API's base URL, without a trailing slash. */
  readonly address: string;
  readonly rootToken: string;
  /** The version of the server program (HashiCorp Vault's, see scripts/parts/vault.mjs). */
  readonly version: string;
  /** Calls `/v1/<path>`; an HTTP error is an answer, not an exception. */
  request<Body>(path: string, options?: VaultRequest): Promise<VaultAnswer<Body>>;
  /** Seals the server: from then on it answers 503 to every request except those for its status. */
  seal(): Promise<void>;
  /** Unseals the server and waits until it serves again; its content is kept. */
  unseal(): Promise<void>;
  /** Stops the server and drops its content. */
  stop(): Promise<void>;
};

/**
 * Starts a real secrets server on a free loopback port, initialised and unsealed, with storage in memory.
 *
 * @param options.kvMount where a KV version 2 engine is mounted; default "secret"
 * @param options.auth the logins to enable, each at its own name; default none besides tokens
 * @throws when the program is not built or does not become ready in time
 */
export async function startVault(
  options: { kvMount?: string; auth?: readonly ("approle" | "kubernetes")[] } = {},
): Promise<RealVault> {
  const child = spawn(partBinary("vault", "vault-server"), { env: {}, stdio: ["pipe", "pipe", "pipe"] });
  const owned = own(child, "The secrets server");
  try {
    const line = once(createInterface(child.stdout), "line", { signal: AbortSignal.timeout(patience.timeout) });
    const [announced] = (await Promise.race([line, owned.failed])) as [string];
    const { address, version } = JSON.parse(announced) as { address: string; version: string };
    const { rootToken, unsealKey } = await initialise(address);
    const server = connect({ address, version, rootToken, unsealKey, stop: owned.stop });
    await server.unseal();
    await mount(server, options.kvMount ?? "secret");
    for (const type of options.auth ?? []) {
      expectSuccess(await server.request(`sys/auth/${type}`, { method: "POST", body: { type } }));
    }
    return server;
  } catch (error) {
    await owned.stop();
    throw error;
  }
}

type Connection = Pick<RealVault, "address" | "version" | "rootToken" | "stop"> & { unsealKey: string };

function connect({ address, version, rootToken, unsealKey, stop }: Connection): RealVault {
  const request = <Body>(path: string, { token, ...rest }: VaultRequest = {}): Promise<VaultAnswer<Body>> =>
    call(address, path, { ...rest, token: token === undefined ? rootToken : token });
  return {
    address,
    rootToken,
    version,
    request,
    async seal() {
      expectSuccess(await request("sys/seal", { method: "PUT" }));
    },
    async unseal() {
      expectSuccess(await request("sys/unseal", { method: "PUT", body: { key: unsealKey }, token: null }));
      await until(
        "The unsealed server",
        async () => (await request("sys/health")).status === 200,
        patience.timeout / 1000,
      );
    },
    stop,
  };
}

async function initialise(address: string): Promise<{ rootToken: string; unsealKey: string }> {
  const body = { secret_shares: 1, secret_threshold: 1 };
  const answer = await call<{ root_token: string; keys_base64: [string] }>(address, "sys/init", {
    method: "PUT",
    body,
  });
  expectSuccess(answer);
  return { rootToken: answer.body.root_token, unsealKey: answer.body.keys_base64[0] };
}

async function mount(server: RealVault, path: string): Promise<void> {
  const body = { type: "kv", options: { version: "2" } };
  expectSuccess(await server.request(`sys/mounts/${path}`, { method: "POST", body }));
  await until(
    "The KV engine",
    async () => (await server.request(`${path}/config`)).status === 200,
    patience.timeout / 1000,
  );
}

async function call<Body>(address: string, path: string, options: VaultRequest): Promise<VaultAnswer<Body>> {
  const response = await fetch(`${address}/v1/${path}`, {
    method: options.method ?? "GET",
    headers: typeof options.token === "string" ? { "X-Vault-Token": options.token } : {},
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    signal: AbortSignal.timeout(patience.timeout),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

function expectSuccess({ status, body }: VaultAnswer): void {
  if (status < 300) return;
  const { errors } = (body ?? {}) as { errors?: string[] };
  throw new Error(`The secrets server answered ${status}: ${errors?.join("; ") ?? "no message"}`);
}
