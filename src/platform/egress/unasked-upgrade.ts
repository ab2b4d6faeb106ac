/** The peer answered 101 Switching Protocols, which no request of EOM asks for. */
export class UnaskedUpgrade extends Error {
  readonly code = "UNASKED_UPGRADE";

  constructor() {
    super("The server switched to another protocol (101), which the request did not ask for");
    this.name = "UnaskedUpgrade";
  }
}
