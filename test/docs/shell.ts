import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** The lines that a text typed into the shell has printed, and its first command that failed. */
export interface Printed {
  readonly output: string;
  /** null when every command ended with 0. */
  readonly failed: string | null;
}

/** A shell of a reader, whose variables and functions stay from block to block. */
export interface Shell {
  run(text: string): Promise<Printed>;
  end(): Promise<void>;
}

interface ShellOptions {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Each answer gets a line of its own, as a reader sees it, and is kept for the ids that a reader copies. A jq that finds nothing
 * fails.
 */
const prologue = `
set -o pipefail -o errtrace
curl() { command curl "$@" | tee "$HOME/answer" && echo; }
jq() { command jq -e "$@"; }
lastId() { command jq -er .id "$HOME/answer"; }
trap 'failed="\${failed:-$BASH_COMMAND}"' ERR
`;

/** Starts a bash. It prints errors into the same output. */
export function startShell({ folder, environment }: ShellOptions): Shell {
  const child = spawn("bash", ["--noprofile", "--norc"], {
    cwd: folder,
    env: environment,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.write(`exec 2>&1\n${prologue}`);
  return {
    async run(text) {
      child.stdin.write(`failed=\n${text}\nprintf '\\n<end>%s\\n' "$failed"\n`);
      const printed: string[] = [];
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`The shell ended in:\n${text}`);
        if (value.startsWith("<end>")) return { output: printed.join("\n"), failed: value.slice(5) || null };
        printed.push(value);
      }
    },
    async end() {
      child.stdin.end();
      await exited;
    },
  };
}
