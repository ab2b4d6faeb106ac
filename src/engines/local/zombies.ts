import { readdirSync, readFileSync } from "node:fs";

/**
 * Whether only zombies are left of a process group. Zombies are dead processes that stay until init reaps them: for ever in a
 * container without an init. False if /proc cannot be read, as on macOS.
 *
 * A single call may overlook a process that a dying one forked meanwhile, so callers ask twice.
 */
export function isOnlyZombies(groupId: number): boolean {
  try {
    const states = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => readState(pid, groupId));
    return states.length > 0 && states.every((state) => state === "Z" || state === "X");
  } catch {
    return false;
  }
}

/** proc_pid_stat(5): `pid (name) state ppid pgrp …`, and the name may contain any character, also a parenthesis. */
function readState(pid: string, groupId: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state = "", , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(group) === groupId ? [state] : [];
  } catch {
    // The process ended after it was listed.
    return [];
  }
}
