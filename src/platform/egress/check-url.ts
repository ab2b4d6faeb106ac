import { parseAddress } from "./address.ts";
import { explainRefusal } from "./forbidden.ts";
import { isLocalhost, toHostAndPort } from "./host-and-port.ts";
import { decideHost, type EgressPolicy, findRefusal, listInfrastructure } from "./policy.ts";
import { normaliseHost } from "./rules.ts";

/** Whether a URL may be used; `message` can be shown to the caller. */
export type EgressVerdict = { readonly allowed: true } | { readonly allowed: false; readonly message: string };

/**
 * Checks what can be seen in a URL itself: scheme, user, port, the host's name or literal address. For an early answer to
 * a request that saves it; the addresses of a name are checked at every connect (guard.ts).
 */
export function checkEgressUrl(policy: EgressPolicy, text: string): EgressVerdict {
  const url = URL.parse(text);
  if (url === null) return { allowed: false, message: "must be a URL such as https://s3.example.org" };
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return { allowed: false, message: `must be http or https, not ${url.protocol.slice(0, -1)}` };
  }
  if (url.username !== "" || url.password !== "") {
    return { allowed: false, message: "must be a URL without a user and a password" };
  }
  const { host: rawHost, port } = toHostAndPort(url);
  const host = normaliseHost(rawHost);
  const refused = isRefusedAsWritten(policy, host, port);
  return refused ? { allowed: false, message: explainRefusal(host, port) } : { allowed: true };
}

function isRefusedAsWritten(policy: EgressPolicy, host: string, port: number): boolean {
  const verdict = decideHost(policy, host, port);
  if (verdict.kind === "refused") return true;
  const address = parseAddress(isLocalhost(host) ? "127.0.0.1" : host);
  if (address === null) return false;
  const infrastructure = listInfrastructure(policy, port).flatMap((own) => parseAddress(own) ?? []);
  return findRefusal(policy, { address, port, named: verdict.kind === "allowed", infrastructure }) !== null;
}
