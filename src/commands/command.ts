/** A command of the command line, such as `eom migrate`. */
export interface Command {
  /** The words after the command's name, as `eom help` shows them. */
  readonly usage: string;
  /** The effect of the command in half a line, as `eom help` shows it. */
  readonly about: string;
  /**
   * @param args the words after the command's name
   * @param environment the variables that configure EOM, such as `process.env`
   * @returns the exit code: 0 done, 1 failed
   * @throws UsageError for words that it does not know, ConfigError for variables that are wrong: both exit with 2
   */
  run(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number>;
}
