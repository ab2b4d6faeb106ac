import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import postgres from "postgres";
import type { PostgresServer } from "./postgres.ts";

/**
 * Copies a server's data while clients write to it, as pg_basebackup does (which the PostgreSQL from npm lacks): see
 * https://www.postgresql.org/docs/current/continuous-archiving.html, 25.3.4, low-level API. A server that starts on the copy has
 * the state of the end of the copy.
 *
 * @returns the result of `observe` just before that end: everything that it observed is in the copy
 */
export async function takeBaseBackup<T>(
  { url, data }: Pick<PostgresServer, "url" | "data">,
  target: string,
  observe: () => T,
): Promise<T> {
  // Both calls must use the same session.
  const client = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await client`select pg_backup_start('test', fast => true)`;
    await copy(data, target);
    const observed = observe();
    const [stopped] = await client`select labelfile, spcmapfile from pg_backup_stop(wait_for_archive => false)`;
    await writeFile(join(target, "backup_label"), stopped?.["labelfile"]);
    const { uid, gid } = await stat(data);
    await chown(join(target, "backup_label"), uid, gid);
    // The first copy lacks some of the log that was written meanwhile.
    await rm(join(target, "pg_wal"), { recursive: true });
    await copy(join(data, "pg_wal"), join(target, "pg_wal"));
    for (const name of ["postmaster.pid", "postmaster.opts"]) await rm(join(target, name), { force: true });
    return observed;
  } finally {
    await client.end();
  }
}

/** Uses cp, which goes on when a file vanishes under it, as files of temporary tables do. */
async function copy(from: string, to: string): Promise<void> {
  const child = spawn("cp", ["-a", from, to], { stdio: ["ignore", "ignore", "pipe"] });
  const errors: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => errors.push(text));
  const [code] = await once(child, "close");
  const serious = errors
    .join("")
    .split("\n")
    .filter((line) => line !== "" && !line.includes("No such file or directory"));
  if (code !== 0 && serious.length > 0) throw new Error(`cp: ${serious.join("; ")}`);
}
