import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, request as requestHttp } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRouter } from "./router.ts";
import { readSpecs, type Spec, type Variant } from "./specs.ts";

export interface FissionOptions {
  readonly variant: Variant;
  /** The folder of the bundle. */
  readonly bundle: string;
  /** The Node that the environment runs on. */
  readonly node: string;
  /** Configuration of the functions; in a cluster it is in mounted files. */
  readonly environment: Readonly<Record<string, string>>;
  /** Mounted files, by folder (`secrets/<namespace>/<name>`) and name. */
  readonly mounted?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Fission as documented, set up from our specs: a router, a timer, and a pod for each function, started at its first call. */
export interface Fission {
  request(
    method: string,
    url: string,
    headers?: Readonly<Record<string, string>>,
    body?: string | Buffer,
  ): Promise<Answered>;
  /** Calls the function of this time trigger, as the timer does. */
  tick(trigger: string): Promise<Answered>;
  /** Calls a function from inside the cluster, without the router. */
  call(
    functionName: string,
    method: string,
    target: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answered>;
  /** The output of all pods. */
  readonly output: readonly string[];
  close(): Promise<void>;
}

const mountsModule = new URL("mounts.ts", import.meta.url).href;
const environmentProgram = fileURLToPath(new URL("environment.ts", import.meta.url));

export function startFission(options: FissionOptions): Fission {
  const specs = readSpecs(options.variant);
  const route = createRouter(specs);
  const output: string[] = [];
  const pods = new Map<string, Promise<Pod>>();
  const mounts = mount(options.mounted ?? {});

  const findPod = (name: string) => {
    const pod = pods.get(name) ?? startPod(name, findSpec(specs, "Function", name), { ...options, mounts }, output);
    pods.set(name, pod);
    return pod;
  };
  const call = async (
    name: string,
    method: string,
    target: string,
    headers: Readonly<Record<string, string>>,
    body?: string | Buffer,
  ) => {
    const pod = await findPod(name);
    return send(pod, method, target, headers, body);
  };
  return {
    output,
    async request(method, url, headers = {}, body) {
      const routed = route(method, url, headers);
      if ("status" in routed)
        return { status: routed.status, headers: { "content-type": "text/plain" }, body: Buffer.from(routed.text) };
      return call(routed.functionName, method, routed.target, routed.headers, body);
    },
    tick(name) {
      const { spec } = findSpec(specs, "TimeTrigger", name);
      const { functionref, method, subpath } = spec;
      const headers = { "X-Fission-Timer-Name": name, "X-Fission-Full-Url": `/fission-function/${functionref.name}/` };
      return call(functionref.name, method, subpath, headers);
    },
    call: (name, method, target, headers = {}) => call(name, method, target, headers),
    async close() {
      for (const pod of await Promise.allSettled(pods.values())) if (pod.status === "fulfilled") await pod.value.stop();
      rmSync(mounts, { recursive: true });
    },
  };
}

/** Writes files as Fission's fetcher does. @returns the folder that stands for the root of the file system */
function mount(folders: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  const root = mkdtempSync(join(tmpdir(), "eom-mounts-"));
  for (const [folder, files] of Object.entries(folders)) {
    mkdirSync(join(root, folder), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, folder, name), text, { mode: 0o750 });
  }
  return root;
}

function findSpec(specs: readonly Spec[], kind: string, name: string): Spec {
  const match = specs.find((spec) => spec.kind === kind && spec.metadata?.name === name);
  if (match === undefined) throw new Error(`the specs have no ${kind} ${name}`);
  return match;
}

interface Pod {
  readonly port: number;
  readonly timeoutSeconds: number;
  stop(): Promise<void>;
}

/** Starts a pod and loads the function into it, as Fission's fetcher does. */
async function startPod(
  name: string,
  { spec }: Spec,
  options: FissionOptions & { readonly mounts: string },
  output: string[],
): Promise<Pod> {
  const child = fork(environmentProgram, {
    execPath: options.node,
    execArgv: ["--disable-warning=ExperimentalWarning", "--import", mountsModule],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: {
      PATH: process.env["PATH"],
      NODE_ENV: "production",
      BODY_PARSER_LIMIT: "2mb",
      FISSION_MOUNTS: options.mounts,
      ...options.environment,
    },
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => output.push(text));
  const port = await readPort(child, output);
  const pod = { port, timeoutSeconds: spec.functionTimeout, stop: () => stop(child) };
  const payload = { filepath: options.bundle, functionName: spec.package.functionName, url: "", envVersion: 3 };
  const headers = { "content-type": "application/json" };
  const answered = await send(pod, "POST", "/v2/specialize", headers, JSON.stringify(payload));
  if (answered.status !== 202) {
    await pod.stop();
    throw new Error(`${name} could not be specialised (${answered.status} ${answered.body}):\n${output.join("")}`);
  }
  return pod;
}

async function readPort(child: ChildProcess, output: readonly string[]): Promise<number> {
  const ended = once(child, "close").then(() => {
    throw new Error(`the environment ended:\n${output.join("")}`);
  });
  const [message] = (await Promise.race([once(child, "message"), ended])) as [{ port: number }];
  return message.port;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.kill("SIGTERM");
  await closed;
}

/** Sends a request as the router does: headers in UTF-8, which Node decodes as latin1. Answers 504 after the time-out. */
function send(
  { port, timeoutSeconds }: Pod,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: string | Buffer,
): Promise<Answered> {
  const bytes = Object.entries(headers).map(([name, value]) => [name, Buffer.from(value, "utf8").toString("latin1")]);
  const length = body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const request = requestHttp(
      { host: "127.0.0.1", port, method, path, headers: { ...length, ...Object.fromEntries(bytes) }, agent: false },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      },
    );
    request.setTimeout(timeoutSeconds * 1000, () => {
      request.destroy();
      resolve({ status: 504, headers: {}, body: Buffer.from('{"component":"router","reason":"timeout"}') });
    });
    request.on("error", reject);
    request.end(body);
  });
}
