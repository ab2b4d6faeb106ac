import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import postgres from "postgres";
import type { PostgresServer } from "./postgres.ts";

/**
 * A copy of a server's data while it is written to, as https://www.postgresql.org/docs/current/continuous-archiving.html has
 * it (25.3.4, low-level API) and pg_basebackup takes it, which does not come with the PostgreSQL from npm. A server that is
 * started on it is as this one was when the copy ended.
 *
 * @returns what `observe` said just before its end: all that was told by then is in it
 */
export async function takeBaseBackup<T>(
  { url, data }: Pick<PostgresServer, "url" | "data">,
  target: string,
  observe: () => T,
): Promise<T> {
  // Both calls must come from one session.
  const client = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await client`select pg_backup_start('test', fast => true)`;
    await copy(data, target);
    const observed = observe();
    const [stopped] = await client`select labelfile, spcmapfile from pg_backup_stop(wait_for_archive => false)`;
    await writeFile(join(target, "backup_label"), stopped?.["labelfile"]);
    const { uid, gid } = await stat(data);
    await chown(join(target, "backup_label"), uid, gid);
    // The first copy has not all of what was written meanwhile.
    await rm(join(target, "pg_wal"), { recursive: true });
    await copy(join(data, "pg_wal"), join(target, "pg_wal"));
    for (const name of ["postmaster.pid", "postmaster.opts"]) await rm(join(target, name), { force: true });
    return observed;
  } finally {
    await client.end();
  }
}

/** By a program that goes on when a file vanishes under it, as those of temporary tables do. */
async function copy(from: string, to: string): Promise<void> {
  const child = spawn("cp", ["-a", from, to], { stdio: ["ignore", "ignore", "pipe"] });
  const said: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const [code] = await once(child, "close");
  const serious = said
    .join("")
    .split("\n")
    .filter((line) => line !== "" && !line.includes("No such file or directory"));
  if (code !== 0 && serious.length > 0) throw new Error(`cp: ${serious.join("; ")}`);
}
