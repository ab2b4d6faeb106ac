import { parseAddress } from "../platform/egress/address.ts";
import { checkEgressUrl, type EgressVerdict } from "../platform/egress/check-url.ts";
import { isLocalhost, toHostAndPort } from "../platform/egress/host-and-port.ts";
import { decideHost, type EgressPolicy } from "../platform/egress/policy.ts";
import { isHoldingAddress, normaliseHost } from "../platform/egress/rules.ts";

/**
 * Checks whether EOM may send to this address. The rules are those of S3 endpoints, and https is required. Plain http is
 * accepted only where the operator has opened it: loopback if the policy allows loopback, and hosts or addresses on the
 * allow-list. For example, `http://hooks.internal/` needs `EOM_EGRESS_ALLOW=hooks.internal`.
 *
 * The check sees the URL alone. The addresses that a name resolves to are checked at every connect.
 */
export function checkWebhookAddress(policy: EgressPolicy, address: string): EgressVerdict {
  const verdict = checkEgressUrl(policy, address);
  const url = URL.parse(address);
  if (!verdict.allowed || url === null || url.protocol === "https:" || isOpenedByOperator(policy, url)) return verdict;
  return {
    allowed: false,
    message:
      "must be https; http is accepted for loopback on the embedded default, and for hosts that EOM_EGRESS_ALLOW names",
  };
}

/** Expects a URL that the policy allows: a literal address that is not public then passed by the allow-list or as loopback. */
function isOpenedByOperator(policy: EgressPolicy, url: URL): boolean {
  const { host: urlHost, port } = toHostAndPort(url);
  const host = normaliseHost(urlHost);
  if (decideHost(policy, host, port).kind === "allowed") return true;
  const literal = parseAddress(isLocalhost(host) ? "127.0.0.1" : host);
  if (literal === null) return false;
  const isListed = policy.allow.some((rule) => isHoldingAddress(rule, literal, port));
  return isListed || (policy.loopback && literal.range() === "loopback");
}
