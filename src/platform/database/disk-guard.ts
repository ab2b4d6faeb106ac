import { statfsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { sql } from "kysely";
import type { Logger } from "../log.ts";
import type { Database } from "./tables.ts";

const mebibyte = 1024 * 1024;

/**
 * Bytes. PGlite spins for ever when it finds no room for the next segment (16 MiB) of its log. So there is room for two segments, and
 * for what is written until the next look.
 */
export const minFreeBytes = 64 * mebibyte;

/** Writes begin again only above this, so that they do not alternate. */
const enoughFreeBytes = 80 * mebibyte;

const lookMilliseconds = 1_000;

/** Looks after the room on the disk of an embedded database. */
export interface DiskGuard {
  /** Ends the looks. Safe to call twice. */
  stop(): void;
}

/**
 * Makes the embedded database read-only while its disk has less than {@link minFreeBytes}: PostgreSQL itself then refuses writes
 * (read_only_sql_transaction), and reads go on. A transaction under way ends as it began.
 */
export function startDiskGuard(db: Database, folder: string, log: Logger): DiskGuard {
  let isReadOnly = false;
  let isLooking = false;
  const look = async () => {
    if (isLooking) return;
    isLooking = true;
    try {
      const freeBytes = toFreeBytes(await statfs(folder));
      const mustRefuse = freeBytes < (isReadOnly ? enoughFreeBytes : minFreeBytes);
      if (mustRefuse === isReadOnly) return;
      await sql.raw(`set default_transaction_read_only = ${mustRefuse ? "on" : "off"}`).execute(db);
      isReadOnly = mustRefuse;
      const fields = { free_mib: Math.floor(freeBytes / mebibyte), folder };
      if (mustRefuse) log.error(fields, "the disk is nearly full: writes are refused until there is room");
      else log.info(fields, "the disk has room again: writes are accepted");
    } catch (error) {
      log.warn({ err: error, folder }, "the room on the disk is not known");
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(look, lookMilliseconds).unref();
  return { stop: () => clearInterval(timer) };
}

/**
 * Refuses to open a database without room: its start writes too.
 *
 * @throws an Error with a sentence
 */
export function requireRoom(folder: string): void {
  const freeBytes = toFreeBytes(statfsSync(folder));
  if (freeBytes < minFreeBytes) throw new Error(describeLackOfRoom(folder, freeBytes));
}

/** Says in a sentence how much room there is, and what to do. */
export function describeLackOfRoom(folder: string, freeBytes: number): string {
  const [free, min] = [freeBytes, minFreeBytes].map((bytes) => Math.floor(bytes / mebibyte));
  return `The disk of ${folder} has ${free} MiB left, and below ${min} MiB EOM refuses writes: make room.`;
}

/** Bytes that EOM's user may fill. */
export function toFreeBytes({ bavail, bsize }: { readonly bavail: number; readonly bsize: number }): number {
  return bavail * bsize;
}
