import { once } from "node:events";
import { createServer } from "node:net";
import { toErrorCode } from "../platform/error-code.ts";
import { exchangeWithin } from "../platform/outbound/exchange-within.ts";
import type { Check } from "./checks.ts";

const probeSeconds = 2;

/** The body with which EOM answers its health probe. */
const healthy = '{"status":"ok"}';

const advice: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: "this machine has no such address: set EOM_HOST to an address of this machine, or to 0.0.0.0 for all",
  EACCES: "this user may not listen on the port: set EOM_PORT to 1024 or more",
  ENOTFOUND: "no such host is known: set EOM_HOST to an address of this machine",
};

/** Checks that EOM listens at its address, or could. Only for the command line: a server that answers already listens. */
export function createAddressCheck(host: string, port: number): Check {
  return {
    name: "address",
    async run() {
      const where = `${host}:${port}`;
      const code = await tryToListen(host, port);
      if (code === null) return port === 0 ? `any port of ${host}` : `${where} is free`;
      if (code !== "EADDRINUSE")
        throw new Error(`EOM cannot listen on ${where} (${code}): ${advice[code] ?? "set EOM_HOST and EOM_PORT"}.`);
      if (await isEom(host, port)) return `EOM answers at ${where}`;
      throw new Error(`${where} is in use by another program: stop it, or set EOM_PORT.`);
    },
  };
}

/** @returns null when it listened; otherwise the code of the error */
async function tryToListen(host: string, port: number): Promise<string | null> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, "listening");
    server.close();
    await once(server, "close");
    return null;
  } catch (error) {
    return toErrorCode(error);
  }
}

/** Where to connect to a server that listens on all addresses. */
const wildcards: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** Recognises EOM by the answer to its health probe and by the header that all its answers have. */
async function isEom(host: string, port: number): Promise<boolean> {
  const name = wildcards[host] ?? host;
  const onLate = () => {
    throw new Error("no answer");
  };
  const limits = { seconds: probeSeconds, maxBytes: healthy.length, onLate };
  const url = `http://${name.includes(":") ? `[${name}]` : name}:${port}/healthz`;
  try {
    const { headers, text } = await exchangeWithin(limits, (options) => fetch(url, options));
    return headers.get("x-request-id") !== null && text === healthy;
  } catch {
    return false;
  }
}
