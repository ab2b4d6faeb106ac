export interface Command {
  /** The words after the command's name, as help shows them. */
  readonly usage: string;
  readonly about: string;
  /** @returns the exit code */
  run(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number>;
}
