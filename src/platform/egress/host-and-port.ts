/** Where a service listens. */
export interface HostAndPort {
  /** A name or an address; an IPv6 address out of a URL is in brackets. */
  readonly host: string;
  readonly port: number;
}

const defaultPorts: Readonly<Record<string, number>> = {
  "http:": 80,
  "https:": 443,
};

/**
 * Where a URL leads. The host is as the URL has it: in lower case and punycode, a dot at its end kept (normaliseHost of
 * rules.ts takes it away). The port is the scheme's own where the URL names none: 443 for `https://s3.example.org`.
 * `url` must be one that `URL` accepts.
 *
 * @returns port 0 for a scheme other than http and https
 */
export function toHostAndPort(url: string | URL): HostAndPort {
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname, port: port === "" ? (defaultPorts[protocol] ?? 0) : Number(port) };
}

/** @returns 1 to 65535; undefined for anything */
export function parsePort(text: string): number | undefined {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535 ? port : undefined;
}

/** RFC 6761, section 6.3: these names are the loopback interface, whatever the resolver says. `host` is normalised. */
export function isLocalhost(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost");
}
