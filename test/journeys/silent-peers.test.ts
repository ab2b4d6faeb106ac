import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Peer, peerBehaviours, startPeer } from "../support/http/misbehaving-peer.ts";
import { type EomProcess, startEom } from "../support/processes/eom-process.ts";
import { type MisbehavingVault, startMisbehavingVault } from "../support/vault/misbehaving-vault.ts";

/** What upgrade.md promises; Kubernetes and systemd kill later. */
const stopSeconds = 25;
const token = "eom_token-of-the-silent-peers-test";

let folder: string;
let vault: MisbehavingVault;
/** A webhook may not reach an engine, so the silent ones are three. */
let peers: Record<"switching" | "receiver" | "dagster" | "issuer", Peer>;
let eom: EomProcess;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "eom-silent-peers-"));
  vault = await startMisbehavingVault();
  const [switching, receiver, dagster, issuer] = await Promise.all([
    start("switches protocols"),
    start("never answers"),
    start("never answers"),
    start("never answers"),
  ]);
  peers = { switching, receiver, dagster, issuer };
  eom = await startEom("start", {
    environment: {
      EOM_DATA_DIR: join(folder, "data"),
      EOM_ADMIN_TOKEN: token,
      EOM_PORT: "0",
      EOM_LOG_LEVEL: "error",
      EOM_AUTH: "oidc",
      EOM_OIDC_ISSUER: peers.issuer.url,
      EOM_OIDC_AUDIENCE: "eom",
      EOM_DAGSTER_URL: peers.dagster.url,
      EOM_SECRETS: "vault",
      VAULT_ADDR: vault.address,
      VAULT_TOKEN: vault.token,
      EOM_EGRESS_ALLOW: "127.0.0.1",
    },
  });
});
afterEach(async () => {
  await eom.kill();
  await Promise.all([vault, ...Object.values(peers)].map((peer) => peer.stop()));
  await rm(folder, { recursive: true, force: true });
});

function start(name: string): Promise<Peer> {
  return startPeer(peerBehaviours[name] ?? expect.unreachable(name), { key: "", cert: "" });
}

async function send(method: string, path: string, body?: unknown, bearer = token) {
  const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json" };
  const response = await fetch(`${eom.url}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function createWebhook(address: string): Promise<unknown> {
  const { status, body } = await send("POST", "/eom/admin/webhooks", { address, event_types: ["*"] });
  expect(status).toBe(201);
  return body["id"];
}

test("a receiver that switches protocols fails its test at once, and peers that are silent do not delay the stop", async () => {
  const switching = await createWebhook(peers.switching.url);
  expect((await send("POST", `/eom/admin/webhooks/${switching}/test`)).body).toMatchObject({
    delivered: false,
    error: "http_status",
    http_status: 101,
  });
  const silent = await createWebhook(peers.receiver.url);
  const underWay = [
    send("POST", `/eom/admin/webhooks/${silent}/test`),
    send("GET", "/ailbl/admin/engines/dagster/jobs"),
    send("GET", "/eom/admin/me", undefined, "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJzdWIiOiJhIn0.AAAA"),
  ];
  await Promise.all([peers.receiver, peers.dagster, peers.issuer].map((peer) => peer.connected(1)));
  const vaultIsAsked = Promise.withResolvers<void>();
  vault.misbehave(() => vaultIsAsked.resolve());
  underWay.push(send("POST", `/eom/admin/webhooks/${silent}/test`));
  await vaultIsAsked.promise;
  const startedAt = performance.now();
  expect(await eom.stop()).toBe(0);
  expect((performance.now() - startedAt) / 1000).toBeLessThan(stopSeconds);
  await Promise.allSettled(underWay);
});
