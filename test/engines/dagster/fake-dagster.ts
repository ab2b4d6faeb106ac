import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { graphql } from "graphql";
import { createResolvers, type FakeWorld } from "./fake-resolvers.ts";
import { createFakeRuns } from "./fake-runs.ts";
import { fakeSchema } from "./fake-schema.ts";
import { type FakeCall, type FakeReply, type Misbehaviour, sendReply } from "./misbehaviour.ts";

interface Spell {
  readonly misbehaviour: Misbehaviour;
  readonly operation: string | null;
  left: number;
}

export type FakeDagster = Awaited<ReturnType<typeof startFakeDagster>>;

/**
 * Starts a Dagster in memory, on loopback, that can fail on demand in ways in which a real one cannot. Its code location `pipelines`
 * has the jobs of fake-jobs.ts. Its runs advance when {@link FakeDagster.work} is called.
 */
export async function startFakeDagster() {
  const world: FakeWorld = {
    runs: createFakeRuns(),
    locations: [{ name: "pipelines", repository: "__repository__", state: "loaded" }],
    hasDaemon: true,
    hasQueue: true,
  };
  const resolvers = createResolvers(world);
  const calls: FakeCall[] = [];
  let spells: Spell[] = [];

  async function listen(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url !== "/graphql" && request.url !== "/prefix/graphql") return sendPage(request, response);
    const { operationName, query, variables } = JSON.parse(await readText(request));
    const call: FakeCall = { operation: operationName, variables, headers: request.headers };
    calls.push(call);
    const handle = () => execute({ source: query, operationName, variableValues: variables });
    const spell = spells.find(({ operation, left }) => left > 0 && (operation ?? operationName) === operationName);
    if (spell === undefined) return sendReply(response, await handle());
    spell.left -= 1;
    await spell.misbehaviour({ call, request, response, runs: world.runs, handle });
  }

  async function execute(asked: { source: string; operationName: string; variableValues: object }): Promise<FakeReply> {
    const variableValues = asked.variableValues as Record<string, unknown>;
    const result = await graphql({ schema: fakeSchema, rootValue: resolvers, ...asked, variableValues });
    return { status: result.errors === undefined ? 200 : 400, body: { data: null, ...result } };
  }

  const server = createServer((request, response) => void listen(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    /** Its code locations, daemon and run queue: tests change them. */
    world,
    runs: world.runs.runs,
    /** Adds a run that EOM did not launch, such as one that a person executed again. */
    addRun: world.runs.add,
    setRun(runId: string, status: string) {
      world.runs.set(requireRun(world, runId), status);
    },
    /** Advances every run by one step. Queued runs start only with a daemon. */
    work: () => world.runs.work(world.hasDaemon),
    /** Every call so far, oldest first. */
    calls: calls as readonly FakeCall[],
    /** Number of calls of an operation, or of all. */
    count: (operation?: string) =>
      calls.filter((call) => operation === undefined || call.operation === operation).length,
    /** Misbehaves for calls of an operation (default: all), `times` times at most. The first registered misbehaviour comes first. */
    misbehave(misbehaviour: Misbehaviour, { operation, times }: { operation?: string; times?: number } = {}) {
      spells.push({ misbehaviour, operation: operation ?? null, left: times ?? Number.POSITIVE_INFINITY });
    },
    behave() {
      spells = [];
    },
    /** Safe to call twice. */
    async stop() {
      server.closeAllConnections();
      if (!server.listening) return;
      server.close();
      await once(server, "close");
    },
  };
}

/** Answers other paths as Dagster does: a page for GET, 405 for other methods. */
function sendPage({ method }: IncomingMessage, response: ServerResponse): void {
  if (method === "GET")
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Dagster</title>");
  else response.writeHead(405, { "content-type": "text/plain" }).end("Method Not Allowed");
}

function requireRun({ runs }: FakeWorld, runId: string) {
  const run = runs.runs.get(runId);
  if (run === undefined) throw new Error(`no run ${runId}`);
  return run;
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
