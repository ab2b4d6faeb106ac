import { once } from "node:events";
import { createServer } from "node:net";
import { toErrorCode } from "../platform/error-code.ts";
import { describeListenFault } from "../platform/http/listen-fault.ts";
import { exchangeWithin } from "../platform/outbound/exchange-within.ts";
import type { Check } from "./checks.ts";

/** A busy process takes a while; a check may take 15 s. */
const probeSeconds = 8;

/** The body with which EOM answers its health probe. */
const healthy = '{"status":"ok"}';

/** The EOM that uses this installation's database, as far as it is known. */
export interface RunningEom {
  /** Where it serves; null when it serves nothing. */
  readonly url: string | null;
}

/**
 * Checks that EOM listens at its address, or could. Only for the command line: a server that answers already listens.
 *
 * @param running the EOM on the same data folder, null when there is none; undefined with PostgreSQL, where it is not known
 */
export function createAddressCheck(host: string, port: number, running: RunningEom | null | undefined): Check {
  return {
    name: "address",
    async run() {
      const where = `${host}:${port}`;
      const fault = await tryToListen(host, port);
      if (fault === null) return port === 0 ? `any port of ${host}` : `${where} is free`;
      if (toErrorCode(fault) !== "EADDRINUSE" || !(await isEom(host, port)))
        throw new Error(describeListenFault(host, port, fault));
      if (running === undefined) return `EOM answers at ${where}, on this database if you have started it so`;
      if (running?.url != null && new URL(running.url).port === String(port)) return `EOM answers at ${where}`;
      throw new Error(`Another installation of EOM answers at ${where}: stop it, or set EOM_PORT.`);
    },
  };
}

/** @returns null when it listened */
async function tryToListen(host: string, port: number): Promise<unknown> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, "listening");
    server.close();
    await once(server, "close");
    return null;
  } catch (error) {
    return error;
  }
}

/** Where to connect to a server that listens on all addresses. */
const wildcards: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** Whether the EOM at this address is alive: it answers its health probe in time. */
export async function isAlive(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return isEom(hostname.replace(/^\[(.*)\]$/, "$1"), Number(port));
}

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
