import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * The absolute path of a program that `scripts/parts/<part>.mjs` builds.
 *
 * @throws when it has not been built
 */
export function partBinary(part: string, binary: string): string {
  const path = fileURLToPath(new URL(`../../.parts/${part}/${binary}`, import.meta.url));
  if (!existsSync(path)) {
    throw new Error(`${binary} is not built yet: run "node scripts/parts/${part}.mjs" first.`);
  }
  return path;
}

export type OwnedChild = {
  /** Rejects when the program ends by itself or cannot be started; never resolves, and needs no handler. */
  readonly failed: Promise<never>;
  /** Ends the program (SIGTERM, then SIGKILL after 5 s) and waits until it is gone. May be called again. */
  stop(): Promise<void>;
};

/**
 * Ties a program to this process: it is killed when this process exits, and its last error output explains a failure.
 *
 * @param name what to call it in an error
 */
export function own(child: ChildProcess, name: string): OwnedChild {
  let tail = "";
  let stopping = false;
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-2000);
  });
  const killNow = (): void => {
    child.kill("SIGKILL");
  };
  process.once("exit", killNow);

  const closed = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(`ended with ${signal ?? `exit code ${code}`}`));
  });
  const failed = closed.then((how): never => {
    process.off("exit", killNow);
    throw new Error(`${name} ${stopping ? "was stopped" : how}${tail === "" ? "" : `: ${tail.trim()}`}`);
  });
  failed.catch(() => {});

  return {
    failed,
    async stop() {
      stopping = true;
      child.kill("SIGTERM");
      const timer = setTimeout(killNow, 5000);
      await closed;
      clearTimeout(timer);
    },
  };
}

/**
 * Asks again every 20 ms until `ready` says true; an exception of `ready` counts as "not yet".
 *
 * @param seconds gives up after this long
 * @throws when the time is over
 */
export async function until(what: string, ready: () => Promise<boolean>, seconds: number): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await ready().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`${what} was not ready after ${seconds} s.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
