import ipaddr from "ipaddr.js";
import { isPrintable } from "../platform/http/request-context.ts";
import type { Authenticator } from "../platform/resource/caller.ts";
import { tokenRefused } from "./errors.ts";
import { type RoleNames, requireHighestRole } from "./roles.ts";

export type Cidr = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, bits: number];

export interface GatewayOptions {
  /** Where the proxy's connections come from. */
  readonly cidrs: readonly Cidr[];
  /** In lower case. */
  readonly userHeader: string;
  /** In lower case; its value has names between commas or spaces. */
  readonly roleHeader: string;
  readonly roles: RoleNames;
}

/**
 * Identity and role as a proxy in front has found them, of connections from its addresses alone: from anywhere else these
 * headers are what anybody can write. Whom X-Forwarded-For names counts for nothing.
 */
export function createGatewayAuthenticator({ cidrs, userHeader, roleHeader, roles }: GatewayOptions): Authenticator {
  return {
    async authenticate(headers, peerAddress = null) {
      if (!isWithin(peerAddress, cidrs)) return null;
      const subject = headers.get(userHeader);
      if (subject === null) return null;
      if (subject === "" || subject.length > 255 || !isPrintable(subject)) throw tokenRefused();
      const names = (headers.get(roleHeader) ?? "").split(/[,\s]+/);
      return {
        subject,
        principal: `gateway ${subject}`,
        role: requireHighestRole(names, roles),
        authentication: "gateway" as const,
      };
    },
  };
}

function isWithin(peerAddress: string | null, cidrs: readonly Cidr[]): boolean {
  if (peerAddress === null || !ipaddr.isValid(peerAddress)) return false;
  // Of an IPv4 address that is written as IPv6, the IPv4 one.
  const address = ipaddr.process(peerAddress);
  return cidrs.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));
}

/** Tokens of our own beside another way in: automation has them, whatever people log in with. */
export function beside(tokens: Authenticator, others: Authenticator): Authenticator {
  return {
    authenticate: (headers, peerAddress) =>
      /^Bearer +eom_/i.test(headers.get("authorization") ?? "")
        ? tokens.authenticate(headers, peerAddress)
        : others.authenticate(headers, peerAddress),
  };
}
