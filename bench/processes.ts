import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";
import { join } from "node:path";
import type { Question } from "./child.ts";
import type { Measured } from "./clients.ts";
import type { Load } from "./load.ts";

interface Process {
  stop(): Promise<void>;
}

export interface ServerProcess extends Process {
  readonly url: string;
  /** User and system time since its start; null where this system does not tell it. */
  cpuMicroseconds(): Promise<number | null>;
}

/** A program of this folder, which tells it on every system. */
export interface NodeServerProcess extends ServerProcess {
  cpuMicroseconds(): Promise<number>;
}

export interface LoadProcess extends Process {
  run(load: Load): Promise<Measured>;
}

export interface AskedProcess extends Process {
  /** One question at a time. */
  ask(question: object): Promise<unknown>;
}

/** A program of this folder that answers each message with one, and says so when it is ready. */
export async function startAskedProcess(
  file: string,
  environment: Record<string, string>,
  execArgv: readonly string[] = [],
): Promise<AskedProcess> {
  const child = start(file, environment, execArgv);
  await hear(child, file);
  const ask = async (question: object) => {
    child.send(question);
    return hear(child, file);
  };
  return { ask, stop: () => stop(child) };
}

/** `execArgv` is for profiles: `--cpu-prof --cpu-prof-dir=…`. */
export async function startServerProcess(
  file: string,
  environment: Record<string, string>,
  execArgv: readonly string[] = [],
): Promise<NodeServerProcess> {
  const child = start(file, environment, execArgv);
  const url = (await hear(child, file)) as string;
  const cpuMicroseconds = async () => {
    child.send("cpu" satisfies Question);
    return (await hear(child, file)) as number;
  };
  return { url, cpuMicroseconds, stop: () => stop(child) };
}

export function startLoadProcess(): LoadProcess {
  const child = start("load.ts", {}, []);
  const run = async (load: Load) => {
    child.send(load);
    return (await hear(child, "load.ts")) as Measured;
  };
  return { run, stop: () => stop(child) };
}

function start(file: string, environment: Record<string, string>, execArgv: readonly string[]): ChildProcess {
  const nowhere = openSync(devNull, "w");
  const child = fork(join(import.meta.dirname, file), [], {
    // Nothing of the caller's own environment that could configure EOM.
    env: { PATH: process.env["PATH"], ...environment },
    execArgv: [...execArgv],
    stdio: ["ignore", nowhere, "inherit", "ipc"],
  });
  closeSync(nowhere);
  return child;
}

/** The child's next message. @throws when it ends instead */
async function hear(child: ChildProcess, name: string): Promise<unknown> {
  const finished = new AbortController();
  const ended = once(child, "exit", { signal: finished.signal }).then(([code]) => {
    throw new Error(`${name} ended with ${code}`);
  });
  const answered = once(child, "message", { signal: finished.signal }).then(([message]) => message as unknown);
  try {
    return await Promise.race([answered, ended]);
  } finally {
    finished.abort();
    await Promise.allSettled([answered, ended]);
  }
}

/** By letting go: the child closes by itself, which writes its profile too. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.disconnect();
  await gone;
}
