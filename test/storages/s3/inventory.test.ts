import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import { parseEgressPolicy } from "../../../src/platform/egress/policy.ts";
import { type Inventory, type InventorySettings, inventoryStorage } from "../../../src/storages/s3/inventory.ts";
import {
  bucket,
  hang,
  type MisbehavingS3,
  type Misbehaviour,
  send,
  startMisbehavingS3,
} from "../../support/s3/misbehaving-s3.ts";

const policy = parseEgressPolicy({ allow: [], deny: [], loopback: true, infrastructure: [] });
const credential = { access_key_id: "AKIATEST", secret_access_key: "secret" };
const servers: MisbehavingS3[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function start(misbehaviour: Misbehaviour = {}): Promise<MisbehavingS3> {
  const server = await startMisbehavingS3(misbehaviour);
  servers.push(server);
  return server;
}

function count({ port }: MisbehavingS3, settings: Partial<InventorySettings> = {}): Promise<Inventory> {
  const endpoint = `http://127.0.0.1:${port}`;
  const location = { endpoint, region: "us-east-1", bucket, prefix: "in/", path_style: true, read_only: true };
  const usual = { policy, clock: systemClock };
  return inventoryStorage({ ...location, ca_certificate: null }, credential, { ...usual, ...settings });
}

function fill({ objects }: MisbehavingS3, howMany: number): void {
  for (let i = 0; i < howMany; i++) objects.set(`in/${String(i).padStart(6, "0")}`, Buffer.alloc(i % 10));
}

test("counts every object below the prefix, over pages of 1000, and none beside it", async () => {
  const server = await start();
  fill(server, 2500);
  server.objects.set("in", Buffer.alloc(100));
  server.objects.set("into/x", Buffer.alloc(100));
  const pages: Inventory[] = [];
  const total = await count(server, { onPage: (sofar) => pages.push(sofar) });
  expect(total).toEqual({ objects: 2500, bytes: 250 * 45 });
  expect(pages.map(({ objects }) => objects)).toEqual([1000, 2000, 2500]);
});

test("an empty prefix holds nothing", async () => {
  expect(await count(await start())).toEqual({ objects: 0, bytes: 0 });
});

test("ends at once when the caller gives up, with the caller's reason", async () => {
  const server = await start({ LIST: hang });
  const caller = new AbortController();
  const counting = count(server, { signal: caller.signal });
  await server.arrival("LIST");
  caller.abort(new Error("the caller has gone"));
  await expect(counting).rejects.toThrow("the caller has gone");
});

test("what a page callback throws ends the inventory", async () => {
  const server = await start();
  fill(server, 1);
  const stop = (): never => {
    throw new Error("stop here");
  };
  await expect(count(server, { onPage: stop })).rejects.toThrow("stop here");
});

test.each(["", "<NextContinuationToken>again</NextContinuationToken>"])(
  "a list that would never end fails (%#)",
  async (next) => {
    const xml = `<ListBucketResult><Name>${bucket}</Name><IsTruncated>true</IsTruncated>${next}</ListBucketResult>`;
    const counting = count(await start({ LIST: send(200, "application/xml", xml) }));
    await expect(counting).rejects.toMatchObject({ reason: "unexpected_answer", http_status: 200 });
  },
);
