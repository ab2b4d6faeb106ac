import { toErrorCode } from "../error-code.ts";

const advice: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: "this machine has no such address: set EOM_HOST to an address of this machine, or to 0.0.0.0 for all",
  EACCES: "this user may not listen on the port: set EOM_PORT to 1024 or more",
  ENOTFOUND: "no such host is known: set EOM_HOST to an address of this machine",
};

/** Says in a sentence why EOM cannot listen, and what to do. */
export function describeListenFault(host: string, port: number, error: unknown): string {
  const code = toErrorCode(error);
  if (code === "EADDRINUSE") return `${host}:${port} is in use by another program: stop it, or set EOM_PORT.`;
  return `EOM cannot listen on ${host}:${port} (${code}): ${advice[code] ?? "set EOM_HOST and EOM_PORT"}.`;
}
