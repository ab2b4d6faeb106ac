/**
 * The egress rules refuse a connection. The message is for the caller and names only what the caller named: the addresses
 * of a name and the rule that refused it would show the inside of our network. They are in the cause, for the log.
 */
export class EgressForbidden extends Error {
  readonly code = "EGRESS_FORBIDDEN";

  constructor(host: string, port: number, detail: string) {
    super(explainRefusal(host, port), { cause: new Error(detail) });
    this.name = "EgressForbidden";
  }
}

/** The same words for every refusal: they must not distinguish a private address from a service of EOM. */
export function explainRefusal(host: string, port: number): string {
  return (
    `EOM may not connect to ${host} port ${port}. Public addresses are allowed; any other must be on the allow-list ` +
    "(EOM_EGRESS_ALLOW). Link-local addresses, metadata services and EOM's own services never are."
  );
}
