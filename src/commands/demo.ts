import { parseArgs } from "node:util";
import type { Command } from "./command.ts";
import { UsageError } from "./usage.ts";

const options = { sessions: { type: "string" } } as const;

/** `eom demo`: reads no variables. */
export const demoCommand: Command = {
  usage: "[s3] [--sessions N]",
  about: "EOM at work, until Ctrl-C or until N sessions succeeded; s3: the S3 server alone",
  async run(args) {
    const { s3Alone, maxSucceeded } = parseDemoArgs(args);
    const stopping = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stopping.abort());
    if (s3Alone) await (await import("../demo/tour-s3.ts")).serveTourS3(stopping.signal);
    else await (await import("../demo/demo.ts")).runDemo(maxSucceeded, stopping.signal);
    return 0;
  },
};

function parseDemoArgs(args: readonly string[]): { s3Alone: boolean; maxSucceeded: number } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const s3Alone = positionals[0] === "s3";
    const isWholeNumber = /^[1-9]\d*$/.test(values.sessions ?? "1");
    if (isWholeNumber && positionals.length === (s3Alone ? 1 : 0) && !(s3Alone && values.sessions !== undefined))
      return { s3Alone, maxSucceeded: Number(values.sessions ?? Number.POSITIVE_INFINITY) };
  } catch {
    // The same message as for the words that parseArgs accepts and this command does not.
  }
  throw new UsageError("eom demo accepts s3, or --sessions with a number of 1 or more");
}
