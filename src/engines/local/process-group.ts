import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { toErrorCode } from "../../platform/error-code.ts";
import { answerWithin } from "../../platform/outbound/answer-within.ts";
import { isOnlyZombies } from "./zombies.ts";

/** A user and group, as numbers. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
}

/** A program to start, and the environment of its processes. */
export interface CommandRequest {
  /** The program and its arguments. No shell interprets them. */
  readonly command: readonly string[];
  /** The whole environment: EOM's own is not passed on. */
  readonly environment: Readonly<Record<string, string>>;
  /** Null for the user of this process. Another user has no supplementary groups. Needs root. */
  readonly user: ProcessUser | null;
  /** Written to standard input. */
  readonly input: string;
  readonly onOutput: (bytes: Uint8Array, stream: "stdout" | "stderr") => void;
  /** Time between SIGTERM and SIGKILL. */
  readonly graceSeconds: number;
}

/**
 * How the program ended. `remains` is a sentence about processes of the group that EOM could not end; they may go on. Absent if no
 * process is left.
 */
export type CommandEnd = (
  | { readonly how: "exited"; readonly code: number }
  | { readonly how: "killed"; readonly signal: string }
  | { readonly how: "not_started"; readonly reason: string }
  /** It was under way after SIGKILL. `remains` says why. */
  | { readonly how: "not_ended" }
) & { readonly remains?: string };

/** A program under way, with its process group. */
export interface RunningCommand {
  /**
   * Resolves when no process of the group is left, and at the latest `graceSeconds` and 3 s after `end`, even if processes could not
   * be ended. Never rejects.
   */
  readonly ended: Promise<CommandEnd>;
  /**
   * Ends the whole group. Safe to call twice.
   *
   * @returns whether the program was still under way: if not, it ended by itself, and only processes that it left behind are ended
   */
  end(): boolean;
}

/** How long to wait for a group after SIGKILL. A process that takes longer hangs in the kernel, or EOM may not signal it. */
const killedSeconds = 2;

/** How long to read the pipes after the group has gone. A process that left the group may keep them open for ever. */
const drainSeconds = 1;

/**
 * Starts a program as the leader of a new process group. Never throws: a fault becomes the end. A process that leaves the group
 * (setsid) is not followed, since it can shed every mark by which it could be known.
 */
export function startCommand(request: CommandRequest): RunningCommand {
  try {
    return superviseLeader(spawnLeader(request), request);
  } catch (error) {
    // Such as an argument list that is too long. Most faults arrive as an event instead.
    return { ended: Promise.resolve({ how: "not_started", reason: toReason(error) }), end: () => false };
  }
}

function spawnLeader({ command, environment, user }: CommandRequest): ChildProcessWithoutNullStreams {
  const [program = "", ...args] = command;
  return spawn(program, args, { ...user, env: environment, detached: true, stdio: ["pipe", "pipe", "pipe"] });
}

function superviseLeader(child: ChildProcessWithoutNullStreams, request: CommandRequest): RunningCommand {
  const exited = waitForExit(child);
  // Without a process there is nothing to end, and there may be no pipes.
  if (child.pid === undefined) return { ended: exited, end: () => false };
  const guard = startGuard(child.pid);
  child.stdout.on("data", (bytes: Buffer) => request.onOutput(bytes, "stdout"));
  child.stderr.on("data", (bytes: Buffer) => request.onOutput(bytes, "stderr"));
  // A program need not read its input: EPIPE is no failure.
  child.stdin.on("error", () => {});
  child.stdin.end(request.input);
  const group = createGroup(child.pid, request.graceSeconds);
  const ended = finish(child, exited, group).finally(() => guard?.stdin?.end("done\n"));
  const end = () => {
    void group.end();
    return child.exitCode === null && child.signalCode === null;
  };
  return { ended, end };
}

async function finish(
  child: ChildProcessWithoutNullStreams,
  exited: Promise<CommandEnd>,
  group: ProcessGroup,
): Promise<CommandEnd> {
  const closed = once(child, "close").catch(() => {});
  const end = await Promise.race([exited, group.givenUp]);
  // Processes that the program left behind belong to the run, and end with it.
  const remains = await group.end();
  await answerWithin<unknown>(
    drainSeconds,
    () => closed,
    () => undefined,
  );
  child.stdout.destroy();
  child.stderr.destroy();
  if (remains === null) return end;
  // A process that cannot be ended must not keep EOM from ending.
  child.stdin.destroy();
  child.unref();
  return { ...end, remains };
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
  const code = toErrorCode(error);
  return startFaults[code] ?? `the program could not be started (${code})`;
}

const startFaults: Readonly<Record<string, string>> = {
  ENOENT: "the program does not exist",
  EACCES: "the program may not be executed",
  E2BIG: "its arguments and environment are too long for the system",
  EMFILE: "EOM has too many files open",
  ENFILE: "the machine has too many files open",
  EAGAIN: "the machine has too many processes",
};

interface ProcessGroup {
  /** Ends every process. Safe to call twice. Resolves to null, or to the sentence about processes that could not be ended. */
  end(): Promise<string | null>;
  /** Resolves if processes could not be ended. */
  readonly givenUp: Promise<CommandEnd>;
}

function createGroup(pid: number, graceSeconds: number): ProcessGroup {
  const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<CommandEnd>();
  let ending: Promise<string | null> | null = null;
  async function endOrGiveUp(): Promise<string | null> {
    const remains = await endGroup(pid, graceSeconds);
    if (remains !== null) giveUp({ how: "not_ended" });
    return remains;
  }
  const end = () => {
    ending ??= endOrGiveUp();
    return ending;
  };
  return { end, givenUp };
}

/** @returns null when no process is left, else a sentence */
async function endGroup(pid: number, graceSeconds: number): Promise<string | null> {
  if (signalGroup(pid, "SIGTERM") === "gone") return null;
  if (await isGoneWithin(pid, graceSeconds)) return null;
  const killed = signalGroup(pid, "SIGKILL");
  if (await isGoneWithin(pid, killedSeconds)) return null;
  // kill(2) succeeds if it reached one process of the group. Processes of other users show when they are alone.
  return killed === "forbidden" || signalGroup(pid, 0) === "forbidden" ? forbiddenSentence : hangingSentence;
}

const forbiddenSentence =
  "EOM may not signal some of the job's processes (EPERM), since they run as another user: they may go on. End them by hand";

const hangingSentence = "Some of the job's processes did not end after SIGKILL: they may go on. End them by hand";

async function isGoneWithin(pid: number, seconds: number): Promise<boolean> {
  const deadline = performance.now() + seconds * 1000;
  let zombieSights = 0;
  for (let pause = 1; signalGroup(pid, 0) !== "gone"; pause = Math.min(pause * 2, maxPauseMilliseconds)) {
    if (performance.now() > deadline) return false;
    // Reads /proc at the slowest pace only: most groups are gone before.
    if (pause === maxPauseMilliseconds) zombieSights = isOnlyZombies(pid) ? zombieSights + 1 : 0;
    if (zombieSights === 2) return true;
    await delay(pause);
  }
  return true;
}

/** The longest pause between two checks of a group. */
const maxPauseMilliseconds = 50;

/**
 * Sends a signal to every process of the group that EOM may signal. Signal 0 only checks.
 *
 * @returns `gone` if the group has no process (ESRCH), `forbidden` if it has processes and EOM may signal none of them (EPERM), as when
 *   a job is run by `sudo`
 */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): "sent" | "gone" | "forbidden" {
  try {
    process.kill(-pid, signal);
    return "sent";
  } catch (error) {
    return toErrorCode(error) === "EPERM" ? "forbidden" : "gone";
  }
}

/**
 * Starts a shell that kills the group if EOM is killed outright. It waits at a pipe from EOM: the line "done" means that the run is
 * over; the end of the pipe without it, that EOM died. The group id is its only argument.
 */
function startGuard(pid: number): ChildProcess | null {
  const script = 'read -r done_line || kill -s KILL -- "-$1"';
  const guard = spawn("/bin/sh", ["-c", script, "eom-run-guard", String(pid)], {
    env: {},
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  // Without a shell there is no guard; the run goes on.
  guard.on("error", () => {});
  if (guard.pid === undefined) return null;
  guard.stdin.on("error", () => {});
  return guard;
}
