import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { own, until } from "../scripts/parts/child.ts";
import { listStorages } from "../src/storages/list.ts";
import { findStorage } from "../src/storages/queries.ts";
import type { ServerProcess } from "./processes.ts";
import { captureStatement } from "./statements.ts";

const folder = join(import.meta.dirname, "python");
const python = join(import.meta.dirname, "../.parts/python-peers/venv/bin/python");
const startSeconds = 30;
export const pythonWorkers = availableParallelism();

const anyId = "00000000-0000-7000-8000-000000000000";

interface PythonNeeds {
  readonly databaseUrl: string;
  /** Connections to the database in all; each worker has its share. */
  readonly poolSize: number;
}

/** Flask with psycopg2 and pydantic under gunicorn: threads, since its docs have them for keep-alive connections. */
export function startFlask(needs: PythonNeeds): Promise<ServerProcess> {
  const threads = String(toShare(needs.poolSize));
  const workers = ["--workers", String(pythonWorkers), "--worker-class", "gthread", "--threads", threads];
  return startPython("gunicorn", [...workers, "--bind", "127.0.0.1:0", "flask_peer:app"], needs);
}

/** FastAPI with asyncpg and pydantic under uvicorn, on uvloop and httptools. */
export function startFastApi(needs: PythonNeeds): Promise<ServerProcess> {
  const parts = ["--loop", "uvloop", "--http", "httptools", "--no-access-log"];
  const workers = ["--workers", String(pythonWorkers), "--host", "127.0.0.1", "--port", "0"];
  return startPython("uvicorn", [...parts, ...workers, "fastapi_peer:app"], needs);
}

/** The pinned versions, as in "Flask 3.1.3, gunicorn 27.0.1". */
export async function listPythonVersions(names: readonly string[]): Promise<string> {
  const pinned = await readFile(join(folder, "requirements.txt"), "utf8");
  return names.map((name) => `${name} ${new RegExp(`^${name}==(.*)$`, "m").exec(pinned)?.[1]}`).join(", ");
}

/** Connections of each worker, and threads of each of gunicorn's: at least one. */
export function toShare(poolSize: number): number {
  return Math.max(1, Math.floor(poolSize / pythonWorkers));
}

async function startPython(module: string, args: readonly string[], needs: PythonNeeds): Promise<ServerProcess> {
  const child = spawn(python, ["-m", module, ...args], {
    cwd: folder,
    env: {
      PATH: process.env["PATH"],
      PYTHONDONTWRITEBYTECODE: "1",
      BENCH_DATABASE_URL: needs.databaseUrl,
      BENCH_WORKER_POOL: String(toShare(needs.poolSize)),
      BENCH_STATEMENTS: JSON.stringify(await captureStatements()),
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const { failed, stop } = own(child, module);
  const url = await Promise.race([readUrl(child.stderr), failed]);
  const isAnswered = async () => (await fetch(url)).status === 404;
  await Promise.race([until(module, isAnswered, startSeconds), failed]);
  return { url, cpuMicroseconds: () => readCpu(child.pid ?? 0), stop };
}

/** EOM's own, so that PostgreSQL does the same for everyone. */
async function captureStatements() {
  const query = { size: 8, asc: true, sortby: "name", collection_id: [anyId] } as const;
  return {
    find: await captureStatement((db) => findStorage(db, anyId)),
    list: await captureStatement((db) =>
      listStorages(db, { ...query, collection_id: [anyId] }, { by: "offset", offset: 0 }),
    ),
  };
}

/** Both servers say it in their first lines, before their workers are ready. */
async function readUrl(output: NodeJS.ReadableStream): Promise<string> {
  const lines = createInterface({ input: output });
  const address = Promise.withResolvers<string>();
  lines.on("line", (line) => {
    const url = /(Listening at: |running on )(http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[2];
    if (url !== undefined) address.resolve(url);
  });
  return address.promise;
}

/** Processor time of the process and its children, from Linux's /proc. */
async function readCpu(pid: number): Promise<number | null> {
  if (process.platform !== "linux") return null;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  const pids = [String(pid), ...children.trim().split(" ")].filter((id) => id !== "");
  const times = await Promise.all(pids.map(readOwnCpu));
  return times.reduce((sum, time) => sum + time, 0);
}

/** proc(5): the 14th and 15th field of `stat`, in hundredths of a second; the second, the name, may contain blanks. */
async function readOwnCpu(pid: string): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
