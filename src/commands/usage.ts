/** A command was called with words that it does not know. The message says what it wants. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}
