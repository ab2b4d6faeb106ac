import { readdirSync, readFileSync } from "node:fs";

/**
 * Whether of a process group nothing is left but zombies: they are dead, and stay until init reaps them, which in a
 * container without one is never. False where that cannot be seen, as on macOS.
 *
 * Asked once, it may overlook a process that was forked meanwhile by one that has just died.
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

/** proc_pid_stat(5): `pid (name) state ppid pgrp …`, and the name may hold anything, also a parenthesis. */
function readState(pid: string, groupId: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state = "", , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(group) === groupId ? [state] : [];
  } catch {
    // Gone since it was listed.
    return [];
  }
}
