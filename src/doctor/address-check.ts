import { once } from "node:events";
import { createServer } from "node:net";
import type { Check } from "./checks.ts";

const patienceMilliseconds = 2_000;

const advice: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: "this machine has no such address: set EOM_HOST to one of its own, or to 0.0.0.0 for all",
  EACCES: "this user may not listen there: set EOM_PORT to 1024 or more",
  ENOTFOUND: "no such host is known: set EOM_HOST to an address of this machine",
};

/** For the terminal: whether EOM listens at its address already, or could. A server that runs need not be asked this. */
export function createAddressCheck(host: string, port: number): Check {
  return {
    name: "address",
    async run() {
      const where = `${host}:${port}`;
      const code = await tryToListen(host, port);
      if (code === null) return port === 0 ? `any port of ${host}` : `${where} is free`;
      if (code !== "EADDRINUSE")
        throw new Error(`${where} cannot be listened on (${code}): ${advice[code] ?? "set EOM_HOST and EOM_PORT"}.`);
      if (await isEom(host, port)) return `EOM answers at ${where}`;
      throw new Error(`${where} is taken by another program: stop it, or set EOM_PORT.`);
    },
  };
}

/** @returns the code of what keeps us from it; null when nothing does */
async function tryToListen(host: string, port: number): Promise<string | null> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, "listening");
    server.close();
    await once(server, "close");
    return null;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unknown fault";
  }
}

const wildcards: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** By the body of its health probe and the header that it answers every request with. */
async function isEom(host: string, port: number): Promise<boolean> {
  const name = wildcards[host] ?? host;
  const url = `http://${name.includes(":") ? `[${name}]` : name}:${port}/healthz`;
  try {
    const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(patienceMilliseconds) });
    const body = await response.text();
    return response.headers.has("x-request-id") && body === '{"status":"ok"}';
  } catch {
    return false;
  }
}
