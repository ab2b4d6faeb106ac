import { once } from "node:events";
import { createServer, type Server as HttpsServer } from "node:https";
import { type AddressInfo, connect, createServer as createRelay, type Server, type Socket } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDagsterEngine } from "../../../src/engines/dagster/engine.ts";
import { createTestLog } from "../../scheduler/world.ts";
import { createCertificate } from "../../storages/s3/certificates.ts";
import { toRequest } from "../suite.ts";
import { pipelines } from "./dagster-under-test.ts";

const certificate = createCertificate({ names: ["127.0.0.1"] });
const trusted = getCACertificates("default");
let server: HttpsServer;
let relay: Server;
const clients: Socket[] = [];
beforeEach(async () => {
  // After a request it answers with a TLS record that no key has encrypted.
  server = createServer(certificate, () => {
    for (const client of clients) client.write(Buffer.concat([Buffer.from([23, 3, 3, 0, 64]), Buffer.alloc(64)]));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  relay = createRelay((client) => {
    clients.push(client);
    const upstream = connect((server.address() as AddressInfo).port, "127.0.0.1");
    for (const socket of [client, upstream]) socket.on("error", () => {});
    client.pipe(upstream).pipe(client);
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
});
afterEach(() => {
  setDefaultCACertificates(trusted);
  for (const client of clients.splice(0)) client.destroy();
  server.closeAllConnections();
  server.close();
  relay.close();
});

async function launch() {
  const engine = createDagsterEngine({
    name: "dagster",
    url: `https://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    headers: {},
    launchesPerSecond: null,
    maxRuns: null,
    log: createTestLog().log,
  });
  const outcome = await engine.launch(toRequest("ok", { job: { ...pipelines, name: "ok" } }));
  await engine.close();
  return outcome;
}

test("a launch at a server with an untrusted certificate was not executed", async () => {
  expect(await launch()).toEqual({
    outcome: "unreachable",
    message: expect.stringMatching(/certificate of .* is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/),
  });
});

test("a launch may have been executed if TLS fails after it was sent", async () => {
  setDefaultCACertificates([certificate.cert]);
  expect(await launch()).toEqual({ outcome: "unclear", message: expect.stringMatching(/broke the connection off/) });
});
