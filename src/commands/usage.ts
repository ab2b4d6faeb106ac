/** The command line has words that the command does not know. The message says which words it accepts. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}
