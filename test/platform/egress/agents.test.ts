import type { LookupAddress } from "node:dns";
import { once } from "node:events";
import { createServer, get, type IncomingMessage, request } from "node:http";
import { get as getOverTls } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { createGuardedAgents, type GuardedAgents } from "../../../src/platform/egress/agents.ts";
import { type Lookup, systemLookup } from "../../../src/platform/egress/guard.ts";
import { type EgressSettings, parseEgressPolicy } from "../../../src/platform/egress/policy.ts";

const server = createServer((_request, response) => response.end("reached"));
let port = 0;
let hits = 0;

beforeAll(async () => {
  server.on("request", () => hits++);
  await once(server.listen(0, "127.0.0.1"), "listening");
  ({ port } = server.address() as AddressInfo);
});

afterAll(async () => {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
});

const opened: GuardedAgents[] = [];

afterEach(() => {
  vi.unstubAllEnvs();
  for (const agents of opened.splice(0)) agents.destroy();
});

function create(settings: Partial<EgressSettings>, lookup: Lookup = systemLookup): GuardedAgents {
  const policy = parseEgressPolicy({ allow: [], deny: [], loopback: false, infrastructure: [], ...settings });
  const agents = createGuardedAgents(policy, { lookup });
  opened.push(agents);
  return agents;
}

async function fetchText(agents: GuardedAgents, host: string): Promise<string> {
  const [response] = (await once(get({ host, port, agent: agents.http }), "response")) as [IncomingMessage];
  return (await response.toArray()).join("");
}

const v4 = (address: string): LookupAddress => ({ address, family: 4 });

/** Answers once with each list of addresses, in order, and from then on with the last. */
function answer(...turns: LookupAddress[][]): Lookup & { readonly names: string[] } {
  const names: string[] = [];
  const lookup: Lookup = async (name) => {
    names.push(name);
    return (turns.length > 1 ? turns.shift() : turns[0]) ?? [];
  };
  return Object.assign(lookup, { names });
}

const forbidden = { name: "EgressForbidden", code: "EGRESS_FORBIDDEN" };

test.each(["127.0.0.1", "0x7f000001", "127.1", "::ffff:127.0.0.1", "[::1]", "localhost", "0.0.0.0"])(
  "no request reaches %s when loopback is not allowed",
  async (host) => {
    const before = hits;
    await expect(fetchText(create({}), host)).rejects.toMatchObject(forbidden);
    expect(hits).toBe(before);
  },
);

test.each(["127.0.0.1", "0x7f000001", "localhost"])("a request reaches %s when loopback is allowed", async (host) => {
  expect(await fetchText(create({ loopback: true }), host)).toBe("reached");
});

test("https is guarded by the same rules", async () => {
  const agents = create({});
  const [error] = await once(getOverTls({ host: "169.254.169.254", agent: agents.https }), "error").catch((thrown) => [
    thrown,
  ]);
  expect(error).toMatchObject(forbidden);
});

test("a name with a private address is refused, and the message does not show the address", async () => {
  const agents = create({}, answer([v4("10.11.12.13")]));
  const error = await fetchText(agents, "s3.example.org").catch((thrown: Error) => thrown);
  expect(error).toMatchObject(forbidden);
  expect((error as Error).message).toContain(`s3.example.org port ${port}`);
  expect((error as Error).message).not.toContain("10.11.12.13");
  expect(inspect((error as Error).cause)).toContain("10.11.12.13");
});

test("refusals for different causes have the same message", async () => {
  const messages = ["10.0.0.1", "127.0.0.1", "169.254.169.254", "192.0.2.1"].map(async (address) => {
    const error = await fetchText(create({}, answer([v4(address)])), "s3.example.org").catch((thrown: Error) => thrown);
    return (error as Error).message;
  });
  expect(new Set(await Promise.all(messages)).size).toBe(1);
});

test("a name with one refused address among public addresses is refused, in any order", async () => {
  for (const addresses of [
    [v4("8.8.8.8"), v4("10.0.0.1")],
    [v4("10.0.0.1"), v4("8.8.8.8")],
    [v4("8.8.8.8"), { address: "::ffff:10.0.0.1", family: 6 }],
  ]) {
    await expect(fetchText(create({}, answer(addresses)), "s3.example.org")).rejects.toMatchObject(forbidden);
  }
});

test("the socket connects to the checked address, although the resolver would return another now", async () => {
  const lookup = answer([v4("127.0.0.1")], [v4("10.0.0.1")]);
  expect(await fetchText(create({ loopback: true }, lookup), "s3.example.org")).toBe("reached");
  expect(lookup.names).toEqual(["s3.example.org"]);
});

test("a name is checked again at the next connection", async () => {
  const lookup = answer([v4("127.0.0.1")], [v4("10.0.0.1")]);
  const agents = create({ loopback: true }, lookup);
  const headers = { connection: "close" };
  const first = get({ host: "s3.example.org", port, agent: agents.http, headers });
  const [response] = (await once(first, "response")) as [IncomingMessage];
  const closed = once(response.socket, "close");
  response.resume();
  await closed;
  await expect(fetchText(agents, "s3.example.org")).rejects.toMatchObject(forbidden);
});

test("a host allowed by name may have a private address, but no address that is always denied", async () => {
  const allow = ["s3.storage.svc"];
  expect(await fetchText(create({ allow }, answer([v4("127.0.0.1")])), "s3.storage.svc")).toBe("reached");
  for (const address of ["169.254.169.254", "168.63.129.16", "0.0.0.0"]) {
    await expect(fetchText(create({ allow }, answer([v4(address)])), "s3.storage.svc")).rejects.toMatchObject(
      forbidden,
    );
  }
});

test("a name for an address of EOM's own services is refused, even if the name is allowed", async () => {
  const allow = ["s3.storage.svc"];
  const here = [v4("127.0.0.1")];
  const byAddress = { allow, loopback: true, infrastructure: [{ host: "127.0.0.1", port }] };
  await expect(fetchText(create(byAddress, answer(here)), "s3.storage.svc")).rejects.toMatchObject(forbidden);
  const byName = { allow, loopback: true, infrastructure: [{ host: "db.internal", port }] };
  await expect(fetchText(create(byName, answer(here)), "s3.storage.svc")).rejects.toMatchObject(forbidden);
  await expect(fetchText(create(byName, answer(here)), "127.0.0.1")).rejects.toMatchObject(forbidden);
});

test("no connection is made while EOM's own services cannot be resolved", async () => {
  const settings = { loopback: true, infrastructure: [{ host: "db.internal", port }] };
  const failing = (code: string): Lookup => {
    return async (name) => {
      if (name === "db.internal") throw Object.assign(new Error("no answer"), { code });
      return [v4("127.0.0.1")];
    };
  };
  await expect(fetchText(create(settings, failing("EAI_AGAIN")), "s3.example.org")).rejects.toMatchObject({
    code: "EAI_AGAIN",
  });
  expect(await fetchText(create(settings, failing("ENOTFOUND")), "s3.example.org")).toBe("reached");
});

test("a Unix socket is refused", async () => {
  const agents = create({ allow: ["0.0.0.0/0", "localhost"], loopback: true });
  const asking = request({ socketPath: `${tmpdir()}/any.sock`, agent: agents.http });
  await expect(once(asking, "response")).rejects.toMatchObject(forbidden);
});

test("a connection is kept for the next request, and closed by destroy", async () => {
  const lookup = answer([v4("127.0.0.1")]);
  const agents = create({ loopback: true }, lookup);
  await fetchText(agents, "s3.example.org");
  await fetchText(agents, "s3.example.org");
  expect(lookup.names).toHaveLength(1);
  const [socket] = Object.values(agents.http.freeSockets).flatMap((sockets) => sockets ?? []);
  expect(socket?.destroyed).toBe(false);
  agents.destroy();
  expect(socket?.destroyed).toBe(true);
});

test("agents that are destroyed while a name is being resolved open no connection", async () => {
  const resolution = Promise.withResolvers<LookupAddress[]>();
  const agents = create({ loopback: true }, () => resolution.promise);
  const before = hits;
  const asking = fetchText(agents, "s3.example.org");
  agents.destroy();
  resolution.resolve([v4("127.0.0.1")]);
  await expect(asking).rejects.toThrow("closed");
  expect(hits).toBe(before);
});

test("a request that is given up while its name is being resolved leaves no busy socket", async () => {
  const resolution = Promise.withResolvers<LookupAddress[]>();
  const agents = create({ loopback: true }, () => resolution.promise);
  const asking = get({ host: "s3.example.org", port, agent: agents.http });
  const failed = once(asking, "error");
  asking.destroy();
  resolution.resolve([v4("127.0.0.1")]);
  await failed;
  expect(await fetchText(agents, "s3.example.org")).toBe("reached");
});

test("a proxy of the environment is not used", async () => {
  vi.stubEnv("NODE_USE_ENV_PROXY", "1");
  for (const name of ["HTTP_PROXY", "http_proxy", "ALL_PROXY"]) vi.stubEnv(name, "http://127.0.0.1:1");
  expect(await fetchText(create({ loopback: true }), "127.0.0.1")).toBe("reached");
});
