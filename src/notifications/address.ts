import { parseAddress } from "../platform/egress/address.ts";
import { checkEgressUrl, type EgressVerdict } from "../platform/egress/check-url.ts";
import { decideHost, type EgressPolicy } from "../platform/egress/policy.ts";
import { isHoldingAddress, normaliseHost } from "../platform/egress/rules.ts";

/**
 * Where a webhook may lie: where an S3 endpoint may, and by https. Without it only what the operator has opened: loopback,
 * where that is allowed, and what the allow-list names. What a name resolves to is judged at every connect.
 */
export function judgeWebhookAddress(policy: EgressPolicy, address: string): EgressVerdict {
  const verdict = checkEgressUrl(policy, address);
  const url = URL.parse(address);
  if (!verdict.allowed || url === null || url.protocol === "https:" || isOpened(policy, url)) return verdict;
  return {
    allowed: false,
    message:
      "wants https; http is taken for loopback on the embedded default, and for hosts that EOM_EGRESS_ALLOW names",
  };
}

/** For an address that is allowed at all: a literal one that is not public is so because a list or loopback says so. */
function isOpened(policy: EgressPolicy, url: URL): boolean {
  const host = normaliseHost(url.hostname);
  const port = url.port === "" ? 80 : Number(url.port);
  if (decideHost(policy, host, port).kind === "allowed") return true;
  const isLocal = host === "localhost" || host.endsWith(".localhost");
  const literal = parseAddress(isLocal ? "127.0.0.1" : host);
  if (literal === null) return false;
  const isListed = policy.allow.some((rule) => isHoldingAddress(rule, literal, port));
  return isListed || (policy.loopback && literal.range() === "loopback");
}
