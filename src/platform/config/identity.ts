import ipaddr from "ipaddr.js";
import { z } from "zod";
import { parseJson } from "../parse-json.ts";
import { roleSchema, roles } from "../resource/caller.ts";

/** EOM_OIDC_ISSUER: https, because keys that are read over plain HTTP could be anybody's; http for an issuer on loopback. */
export const issuerUrl = z
  .string()
  .refine((text) => URL.canParse(text) && isTrusted(new URL(text)), "must be https://, or http:// on loopback")
  .refine((text) => !/[?#]/.test(text), "must be the `iss` of its tokens, without a query");

function isTrusted({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || (protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(hostname));
}

const expectedRoles = 'must be a JSON object of roles by their names elsewhere, as {"platform-admins": "admin"}';

/** EOM_ROLES: roles by their names at the identity provider or gateway, as JSON. */
export const roleMapping = z.string().transform((text, context): z.output<typeof mapping> => {
  const parsed = mapping.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  context.addIssue(`${expectedRoles}, with ${roles.slice(0, -1).join(", ")} or ${roles.at(-1)}`);
  return z.NEVER;
});

const mapping = z.record(z.string(), roleSchema);

/** EOM_GATEWAY_CIDRS: networks as `10.0.0.0/8, 2001:db8::/32`; an address alone is a network with one address. */
export const cidrs = z.string().transform((text, context) =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .flatMap((entry) => {
      const cidr = parseCidr(entry);
      if (cidr === null) context.addIssue(`must be networks such as 10.0.0.0/8, got ${JSON.stringify(entry)}`);
      return cidr === null ? [] : [cidr];
    }),
);

function parseCidr(text: string): readonly [ipaddr.IPv4 | ipaddr.IPv6, number] | null {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  if (!ipaddr.isValid(text)) return null;
  const address = ipaddr.process(text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

/** The name of a header (RFC 9110, section 5.1), parsed to lower case. */
export const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "must be the name of a header")
  .transform((name) => name.toLowerCase());
