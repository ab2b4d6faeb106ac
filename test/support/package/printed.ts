import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/**
 * Reads what a process prints.
 *
 * @returns a function that waits for the first match in everything printed so far and later
 */
export function readPrinted(child: ChildProcess): (pattern: RegExp) => Promise<string> {
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    child.emit("printed");
  });
  const closed = once(child, "close").then(([code]) => code);
  return async (pattern) => {
    for (;;) {
      const match = pattern.exec(text)?.[0];
      if (match !== undefined) return match;
      const printed = once(child, "printed").then(() => null);
      const code = await Promise.race([printed, closed.then((code) => ({ code }))]);
      if (code !== null && !pattern.test(text))
        throw new Error(`the process ended with ${code.code} before it printed ${pattern}:\n${text}`);
    }
  };
}
