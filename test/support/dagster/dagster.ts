import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { partPatience } from "../time-limits.ts";
import { createPart, type DagsterPart } from "./dagster-part.ts";

export interface DagsterAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it by path
  readonly body: any;
}

export interface RealDagster {
  /** The address of the webserver, without a slash at the end. A restart keeps it. */
  readonly url: string;
  readonly webserver: DagsterPart;
  /** Starts queued runs in the code locations. */
  readonly daemon: DagsterPart;
  /** The example's code location. Its runs are its children. */
  readonly pipelines: DagsterPart;
  /** The code location with the jobs of tests. Its runs are its children. */
  readonly jobs: DagsterPart;
  /** DAGSTER_HOME, with the database of runs and events and the outputs of runs. */
  readonly home: string;
  /** Sends a query to the webserver. Any status is returned. */
  ask(query: string, variables?: object): Promise<DagsterAnswer>;
  /** Kills all parts and runs, and deletes the files. */
  stop(): Promise<void>;
}

interface DagsterOptions {
  /** Whether to start the daemon. Default true. */
  readonly daemon?: boolean;
  /** Variables of code locations and their runs, such as VAULT_ADDR. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Starts a real Dagster with two code locations, `pipelines` of examples/dagster and `jobs` of test/dagster, on SQLite in a
 * temporary folder. Takes about 7 s on two cores.
 *
 * @throws Error when it is not installed, or not ready in time
 */
export async function startDagster(options: DagsterOptions = {}): Promise<RealDagster> {
  const home = await mkdtemp(join(tmpdir(), "eom-dagster-"));
  const port = await findFreePort();
  const dagster = createParts(home, port, options);
  const stop = async () => {
    await Promise.all(dagster.parts.map((part) => part.kill()));
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await writeSettings(home);
    // The first part starts alone, since it creates the database.
    await dagster.pipelines.start();
    await dagster.jobs.start();
    await dagster.webserver.start();
    if (options.daemon !== false) await dagster.daemon.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...dagster, home, stop };
}

function createParts(home: string, port: number, { environment = {} }: DagsterOptions) {
  const url = `http://127.0.0.1:${port}`;
  const ask = (query: string, variables: object = {}) => askGraphql(url, query, variables);
  // Without bytecode, which Python would write beside the sources.
  const base = { DAGSTER_HOME: home, PATH: process.env["PATH"] ?? "", HOME: home, PYTHONDONTWRITEBYTECODE: "1" };
  const workspace = ["-w", join(home, "workspace.yaml")];
  const createLocation = (name: "pipelines" | "jobs") => {
    const socket = join(home, `${name}.sock`);
    const args = ["api", "grpc", "--socket", socket, "--location-name", name, "-m", name, "-d", folders[name]];
    return createPart(`Dagster's code location ${name}`, "dagster", args, {
      environment: { ...base, ...environment },
      isReady: () => isServing(socket),
    });
  };
  const webserver = createPart("Dagster's webserver", "dagster-webserver", ["-p", String(port), ...workspace], {
    environment: base,
    isReady: async () => (await ask(locationsQuery)).body.data.locationStatusesOrError.entries.every(isLoaded),
  });
  const daemon = createPart("Dagster's daemon", "dagster-daemon", ["run", ...workspace], {
    environment: base,
    isReady: async () => (await ask(daemonQuery)).body.data.instance.daemonHealth.daemonStatus.healthy === true,
  });
  const [pipelines, jobs] = [createLocation("pipelines"), createLocation("jobs")];
  return { url, ask, webserver, daemon, pipelines, jobs, parts: [webserver, daemon, pipelines, jobs] };
}

const folders = {
  pipelines: fileURLToPath(new URL("../../../examples/dagster", import.meta.url)),
  jobs: fileURLToPath(new URL("../../dagster/code_location", import.meta.url)),
};

const locationsQuery =
  "{ locationStatusesOrError { ... on WorkspaceLocationStatusEntries { entries { loadStatus } } } }";

/** Whether the load has ended, with success or not. */
function isLoaded({ loadStatus }: { loadStatus: string }): boolean {
  return loadStatus === "LOADED";
}

const daemonQuery = '{ instance { daemonHealth { daemonStatus(daemonType: "QUEUED_RUN_COORDINATOR") { healthy } } } }';

const settings = `
telemetry:
  enabled: false
run_monitoring:
  enabled: false
run_coordinator:
  module: dagster._core.run_coordinator
  class: QueuedRunCoordinator
  config:
    dequeue_interval_seconds: 1
`;

async function writeSettings(home: string): Promise<void> {
  await writeFile(join(home, "dagster.yaml"), settings);
  const toEntry = (name: string) =>
    `  - grpc_server:\n      socket: ${join(home, `${name}.sock`)}\n      location_name: ${name}\n`;
  await writeFile(join(home, "workspace.yaml"), `load_from:\n${toEntry("pipelines")}${toEntry("jobs")}`);
}

async function isServing(socket: string): Promise<boolean> {
  const connection = connect(socket);
  await once(connection, "connect");
  connection.destroy();
  return true;
}

async function askGraphql(url: string, query: string, variables: object): Promise<DagsterAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(partPatience.timeout),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
