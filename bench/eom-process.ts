import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const mainFile = fileURLToPath(new URL("../src/main.ts", import.meta.url));

export interface EomProcess {
  readonly pid: number;
  /** From the start of the process until it has said that it is ready. */
  readonly readySeconds: number;
  /** As an orchestrator does; waits for its end. */
  stop(): Promise<void>;
}

/** Runs `eom start` as `npm start` does, on its defaults and this environment, until it says that it is ready. */
export async function startEom(environment: Readonly<Record<string, string>>): Promise<EomProcess> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [mainFile, "start"], {
    // Nothing of the caller's own environment that could configure EOM or Node.
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  await waitUntilReady(child);
  const readySeconds = (performance.now() - startedAt) / 1000;
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await exited;
  };
  return { pid: child.pid ?? 0, readySeconds, stop };
}

async function waitUntilReady({ stdout }: ChildProcess): Promise<void> {
  if (stdout === null) throw new Error("EOM was started without a pipe for what it says");
  for await (const line of createInterface({ input: stdout })) {
    if (!/^EOM .* is ready/.test(line)) continue;
    stdout.resume();
    return;
  }
  throw new Error("EOM ended before it was ready");
}

/** An empty folder for EOM's data; removed with all that came into it. */
export async function createDataFolder() {
  const path = await mkdtemp(join(tmpdir(), "eom-bench-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
