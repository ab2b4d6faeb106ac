import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { type VariableName, variables } from "./variables.ts";

/**
 * Removes secrets from the environment of this process, after the caller has copied it: from `process.env`, and from
 * /proc/<pid>/environ, which each process of the same user can read, a local job for example. That file shows memory in which the
 * kernel put the environment at the start; `delete process.env.X` does not change it.
 *
 * Other variables stay in `process.env`. It is no boundary between processes of one user: SECURITY.md lists what they still reach.
 *
 * @returns whether the kernel's copy was erased. False without /proc, as on macOS, or where a process may not write its own memory
 */
export function eraseEnvironment(): boolean {
  for (const [name, value] of Object.entries(process.env)) {
    if (isSecret(name)) delete process.env[name];
    // setenv(3) copies the variable, so that nothing points into the memory that is erased below.
    else process.env[name] = value;
  }
  try {
    overwriteInitialEnvironment();
    return true;
  } catch {
    return false;
  }
}

function isSecret(name: string): boolean {
  return name in variables && "secret" in variables[name as VariableName];
}

function overwriteInitialEnvironment(): void {
  const { start, end } = findInitialEnvironment();
  const memory = openSync("/proc/self/mem", "r+");
  try {
    writeSync(memory, Buffer.alloc(end - start), 0, end - start, start);
  } finally {
    closeSync(memory);
  }
}

/** proc_pid_stat(5): the fields 50 and 51 are the addresses. The first field after the name, which may contain spaces, is field 3. */
function findInitialEnvironment(): { readonly start: number; readonly end: number } {
  const stat = readFileSync("/proc/self/stat", "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { start: Number(fields[50 - 3]), end: Number(fields[51 - 3]) };
}
