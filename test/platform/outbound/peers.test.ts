import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkIssuer } from "../../../src/access/issuer-documents.ts";
import { createDagsterEngine } from "../../../src/engines/dagster/engine.ts";
import { post } from "../../../src/notifications/deliveries/post.ts";
import { systemClock, systemMonotonic } from "../../../src/platform/clock.ts";
import { createGuardedAgents } from "../../../src/platform/egress/agents.ts";
import { systemLookup } from "../../../src/platform/egress/guard.ts";
import { parseEgressPolicy } from "../../../src/platform/egress/policy.ts";
import { createVaultSecretStore } from "../../../src/secrets/vault/vault.ts";
import { probeStorage } from "../../../src/storages/s3/probe.ts";
import { createTestLog } from "../../scheduler/world.ts";
import { expectNoTrace } from "../../secrets/traces.ts";
import { createCertificate } from "../../storages/s3/certificates.ts";
import { toLocation } from "../../storages/s3/fixtures.ts";
import { peerBehaviours, startPeer } from "../../support/http/misbehaving-peer.ts";

/** The limit of a call whose peer may go on for ever. */
const soonSeconds = 1;
/** The limit of a call that must end before it, also on a busy machine. */
const unreachedSeconds = 60;

const canary = "canary-0ut-g01ng";
const policy = parseEgressPolicy({ allow: [], deny: [], loopback: true, infrastructure: [] });

/** How a call ended: the name of the reason, and everything that people may see of it. */
interface Outcome {
  readonly reason: string;
  readonly shown: unknown;
}

/** One call of a room to a peer at `url`, with its connections closed afterwards. */
type Call = (url: string, seconds: number) => Promise<Outcome>;

async function callWebhook(url: string, seconds: number): Promise<Outcome> {
  const agents = createGuardedAgents(policy, { lookup: systemLookup });
  try {
    const message = { address: `${url}/${canary}`, headers: { "webhook-signature": canary }, body: "{}" };
    const { cause, ...outcome } = await post(message, { agents, timeoutMilliseconds: seconds * 1000 });
    return { reason: outcome.error ?? "delivered", shown: [outcome, cause] };
  } finally {
    agents.destroy();
  }
}

async function callS3(url: string, seconds: number): Promise<Outcome> {
  const location = toLocation({ port: 0 }, { endpoint: url });
  const credential = { access_key_id: "AKIATEST", secret_access_key: canary, session_token: canary };
  const settings = { policy, lookup: systemLookup, clock: systemClock, budgetMilliseconds: seconds * 1000 };
  const { checks } = await probeStorage(location, credential, settings);
  return { reason: checks[0]?.reason ?? "PASS", shown: checks };
}

async function callVault(url: string, seconds: number): Promise<Outcome> {
  const { log, lines } = createTestLog();
  const store = createVaultSecretStore({
    address: url,
    mount: "secret",
    pathPrefix: "",
    auth: { method: "token", token: canary },
    monotonic: systemMonotonic,
    timeoutMilliseconds: seconds * 1000,
    log,
  });
  try {
    const error = await store.find("storages/a").catch((thrown: unknown) => thrown);
    const advice = await store.check();
    return { reason: advice ?? "none", shown: [error, lines, advice] };
  } finally {
    await store.close();
  }
}

async function callDagster(url: string, seconds: number): Promise<Outcome> {
  const { log, lines } = createTestLog();
  const results: string[] = [];
  const engine = createDagsterEngine({
    name: "dagster",
    url,
    headers: { "Dagster-Cloud-Api-Token": canary },
    launchesPerSecond: 30,
    maxRuns: 1000,
    log,
    maxCallSeconds: seconds,
    onCall: (_, result) => results.push(result),
  });
  try {
    const check = await engine.check();
    await engine.cancel(["018f0000-0000-7000-8000-000000000000"]);
    return { reason: results[0] ?? "none", shown: [check, lines] };
  } finally {
    await engine.close();
  }
}

async function callIssuer(url: string, seconds: number): Promise<Outcome> {
  const reason = await checkIssuer(url, seconds).catch((error: unknown) => String(error));
  return { reason, shown: reason };
}

interface Room {
  readonly call: Call;
  /** The reason of a call that has used its limit. */
  readonly late: RegExp;
  /** The reason of every other call that failed. */
  readonly early: RegExp;
}

const rooms: Readonly<Record<string, Room>> = {
  webhook: { call: callWebhook, late: /^timeout$/, early: /^[a-z_]+$/ },
  S3: { call: callS3, late: /^(request|connect)_timeout$/, early: /^[a-z0-9_]+$/ },
  Vault: {
    call: callVault,
    late: /: no answer within 1 s\)\.$/,
    early: /^(Vault|Vault's certificate|The server that answers) .{20,}\.$/,
  },
  Dagster: { call: callDagster, late: /^timed-out$/, early: /^[a-z-]+$/ },
  OIDC: { call: callIssuer, late: /: it gave no answer within 1 s\. See /, early: /cannot be used: .{5,}\. See / },
};

/** The peers that have sent 200 before they fall silent: for a webhook the status alone counts. */
const delivering = /^(falls silent after its head|falls silent within its body|sends its body byte by byte)$/;

const certificate = createCertificate({ names: ["127.0.0.1"] });
const listSockets = () => process.getActiveResourcesInfo().filter((name) => /TCP|TLS|GetAddrInfo/.test(name));
let before = 0;
beforeAll(() => {
  before = listSockets().length;
});
/** A handle is closed a turn of the event loop after its socket. */
afterAll(async () => {
  while (listSockets().length > before) await setImmediate();
});

describe.each(Object.entries(rooms))("a call of %s ends with a reason", (room, { call, late, early }) => {
  test.concurrent.each(Object.entries(peerBehaviours))("before a peer that %s", async (name, behaviour) => {
    const peer = await startPeer(behaviour, certificate);
    const seconds = behaviour.ends === "at once" ? unreachedSeconds : soonSeconds;
    const startedAt = performance.now();
    const { reason, shown } = await call(peer.url, seconds);
    expect((performance.now() - startedAt) / 1000).toBeLessThan(unreachedSeconds / 2);
    await peer.idle();
    await peer.stop();
    if (room === "webhook" && delivering.test(name)) expect(reason).toBe("delivered");
    else expect(reason).toMatch(behaviour.ends === "late" ? late : early);
    if (behaviour.ends === "at once") expect(reason).not.toMatch(late);
    expectNoTrace(shown, [canary]);
  });
});
