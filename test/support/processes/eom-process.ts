import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const thisCheckout = fileURLToPath(new URL("../../..", import.meta.url));

export interface EomProcess {
  /** Null for `eom worker`, which serves no API. */
  readonly url: string | null;
  /** Sends SIGTERM, as an orchestrator does. @returns the exit code; null when the process was killed */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

interface EomOptions {
  /** The folder with EOM's sources. */
  readonly checkout?: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Starts `eom <command>` as a process of its own. Resolves when its banner is printed. @throws when it ends before that */
export async function startEom(
  command: "start" | "api" | "worker",
  { checkout = thisCheckout, environment }: EomOptions,
): Promise<EomProcess> {
  const child = spawnEom([command], { checkout, environment });
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  let url: string | null = null;
  let isReady = false;
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    url ??= /API +(\S+)/.exec(line)?.[1] ?? null;
    isReady = line.includes("  workers ");
    if (isReady) break;
  }
  if (!isReady) throw new Error(`eom ${command} ended with ${(await exited)[0]} before it was ready`);
  child.stdout?.resume();
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return (await exited)[0];
  };
  return { url, stop: () => end("SIGTERM"), kill: async () => void (await end("SIGKILL")) };
}

/** Runs `eom <args>` until it exits. */
export async function runEom(
  args: readonly string[],
  { checkout = thisCheckout, environment }: EomOptions,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawnEom(args, { checkout, environment }, "pipe");
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text) => chunks.push(text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output: chunks.join("") };
}

function spawnEom(
  args: readonly string[],
  { checkout = thisCheckout, environment }: EomOptions,
  errors: "pipe" | "inherit" = "inherit",
): ChildProcess {
  return spawn(process.execPath, [join(checkout, "src/main.ts"), ...args], {
    env: { PATH: process.env["PATH"], NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"], ...environment },
    stdio: ["ignore", "pipe", errors],
  });
}
