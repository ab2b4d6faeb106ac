import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { isOnlyZombies } from "./zombies.ts";

export interface CommandRequest {
  /** The program and its arguments; no shell reads them. */
  readonly command: readonly string[];
  /** All of it: nothing of our own environment is passed on. */
  readonly environment: Readonly<Record<string, string>>;
  readonly input: string;
  readonly onOutput: (bytes: Uint8Array, stream: "stdout" | "stderr") => void;
  /** Between SIGTERM and SIGKILL. */
  readonly graceSeconds: number;
}

export type CommandEnd =
  | { readonly how: "exited"; readonly code: number }
  | { readonly how: "killed"; readonly signal: string }
  | { readonly how: "not_started"; readonly reason: string };

export interface RunningCommand {
  /** Resolves when the program and everything that it started in its process group have gone. */
  readonly ended: Promise<CommandEnd>;
  /** Ends the whole group. Safe to call twice. */
  end(): void;
}

/** How long a group that was sent SIGKILL may take to go: longer, and it hangs in the kernel. */
const killedSeconds = 2;

/** How long the pipes of a group that has gone are read on: longer, and one that left the group holds them open. */
const drainSeconds = 1;

/**
 * Starts a program as the leader of a process group of its own. Never throws: what goes wrong is its end. A process that
 * leaves the group (setsid) is not followed: it can be known by nothing that it could not shed.
 */
export function startCommand(request: CommandRequest): RunningCommand {
  try {
    return watchOver(spawnLeader(request), request);
  } catch (error) {
    // An argument list that is too long, say; the rest is told by an event.
    return { ended: Promise.resolve({ how: "not_started", reason: toReason(error) }), end() {} };
  }
}

function spawnLeader({ command, environment }: CommandRequest): ChildProcessWithoutNullStreams {
  const [program = "", ...args] = command;
  return spawn(program, args, { env: environment, detached: true, stdio: ["pipe", "pipe", "pipe"] });
}

function watchOver(child: ChildProcessWithoutNullStreams, request: CommandRequest): RunningCommand {
  const exited = waitForExit(child);
  // Without a process there is nothing to end, and perhaps no pipe.
  if (child.pid === undefined) return { ended: exited, end() {} };
  const guard = startGuard(child.pid);
  child.stdout.on("data", (bytes: Buffer) => request.onOutput(bytes, "stdout"));
  child.stderr.on("data", (bytes: Buffer) => request.onOutput(bytes, "stderr"));
  // A program need not read what it is given: EPIPE is no failure.
  child.stdin.on("error", () => {});
  child.stdin.end(request.input);
  const group = createGroup(child.pid, request.graceSeconds);
  const ended = finish(child, exited, group.end).finally(() => guard?.stdin?.end("done\n"));
  return { ended, end: group.end };
}

async function finish(
  child: ChildProcessWithoutNullStreams,
  exited: Promise<CommandEnd>,
  endGroup: () => Promise<void>,
): Promise<CommandEnd> {
  const closed = once(child, "close").catch(() => {});
  const end = await exited;
  // What the program left behind belongs to the run, and goes with it.
  await endGroup();
  // One that left the group may hold the pipes open for ever; what it writes is not the run's any more.
  await waitForClose(closed, drainSeconds);
  child.stdout.destroy();
  child.stderr.destroy();
  return end;
}

async function waitForClose(closed: Promise<unknown>, seconds: number): Promise<void> {
  const closing = new AbortController();
  const patience = delay(seconds * 1000, undefined, { signal: closing.signal }).catch(() => {});
  await Promise.race([closed, patience]);
  closing.abort();
}

function waitForExit(child: ChildProcess): Promise<CommandEnd> {
  const { promise, resolve } = Promise.withResolvers<CommandEnd>();
  child.once("error", (error) => resolve({ how: "not_started", reason: toReason(error) }));
  child.once("exit", (code, signal) =>
    resolve(code === null ? { how: "killed", signal: signal ?? "a signal" } : { how: "exited", code }),
  );
  return promise;
}

function toReason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return startFaults[code] ?? `the program could not be started${code === "" ? "" : ` (${code})`}`;
}

const startFaults: Readonly<Record<string, string>> = {
  ENOENT: "the program does not exist",
  EACCES: "the program may not be executed",
  E2BIG: "its arguments and environment are too long for the system",
  EMFILE: "EOM has too many files open",
  ENFILE: "the machine has too many files open",
  EAGAIN: "the machine has too many processes",
};

function createGroup(pid: number, graceSeconds: number) {
  let ending: Promise<void> | null = null;
  const end = () => {
    ending ??= endGroup(pid, graceSeconds);
    return ending;
  };
  return { end };
}

async function endGroup(pid: number, graceSeconds: number): Promise<void> {
  if (!signalGroup(pid, "SIGTERM")) return;
  if (await isGoneWithin(pid, graceSeconds)) return;
  signalGroup(pid, "SIGKILL");
  await isGoneWithin(pid, killedSeconds);
}

async function isGoneWithin(pid: number, seconds: number): Promise<boolean> {
  const deadline = performance.now() + seconds * 1000;
  let zombieSights = 0;
  for (let pause = 1; signalGroup(pid, 0); pause = Math.min(pause * 2, slowestPause)) {
    if (performance.now() > deadline) return false;
    // Most groups are gone before this costs anything.
    if (pause === slowestPause) zombieSights = isOnlyZombies(pid) ? zombieSights + 1 : 0;
    if (zombieSights === 2) return true;
    await delay(pause);
  }
  return true;
}

/** Milliseconds between two looks at a group that takes its time. */
const slowestPause = 50;

/** Signal 0 only asks. @returns false when nobody is left in the group */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * When we are killed outright, nobody is left to end the group. So a shell waits beside it for the end of a pipe from us:
 * "done" means that the run is over; an end without it, that we died. It reads one number and nothing else from us.
 */
function startGuard(pid: number): ChildProcess | null {
  const script = 'read -r done_line || kill -s KILL -- "-$1"';
  const guard = spawn("/bin/sh", ["-c", script, "eom-run-guard", String(pid)], {
    env: {},
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  // Without a shell there is no guard; the run itself is none the worse.
  guard.on("error", () => {});
  if (guard.pid === undefined) return null;
  guard.stdin.on("error", () => {});
  return guard;
}
