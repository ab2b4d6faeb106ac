import { test as base } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import { systemLookup } from "../../../src/platform/egress/guard.ts";
import { parseEgressPolicy } from "../../../src/platform/egress/policy.ts";
import type { S3Location } from "../../../src/storages/s3/location.ts";
import { bucket, type MisbehavingS3, startMisbehavingS3, startRawServer } from "../../support/s3/misbehaving-s3.ts";
import { plainOptions } from "../../support/s3/plain-options.ts";

/** Egress rules of the embedded default: S3 servers on loopback are allowed. */
export const policy = parseEgressPolicy({ allow: [], deny: [], loopback: true, infrastructure: [] });

export const credential = { access_key_id: "AKIATEST", secret_access_key: "secret" };

/** The settings of a probe and of an inventory, with limits that a server on loopback does not reach. */
export const settings = {
  policy,
  lookup: systemLookup,
  clock: systemClock,
  budgetMilliseconds: 10_000,
  pageMilliseconds: 30_000,
};

/** The location `in/` of a server's bucket. */
export function toLocation({ port }: Pick<MisbehavingS3, "port">, changes: Partial<S3Location> = {}): S3Location {
  return {
    endpoint: `http://127.0.0.1:${port}`,
    region: "eu-test-1",
    bucket,
    prefix: "in/",
    path_style: true,
    read_only: false,
    ca_certificate: null,
    ...plainOptions,
    ...changes,
  };
}

/** Starts servers for one test. */
export interface Servers {
  /** Starts a server that stops with the test. */
  readonly startS3: typeof startMisbehavingS3;
  /** Starts a server that is no S3 server, and stops with the test. */
  readonly startRaw: typeof startRawServer;
}

async function stopAll(servers: readonly Pick<MisbehavingS3, "stop">[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}

export const test = base.extend<Servers>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of a fixture's needs from its first parameter.
  startS3: async ({}, use) => {
    const servers: MisbehavingS3[] = [];
    await use(async (...args) => {
      const server = await startMisbehavingS3(...args);
      servers.push(server);
      return server;
    });
    await stopAll(servers);
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above.
  startRaw: async ({}, use) => {
    const servers: Awaited<ReturnType<typeof startRawServer>>[] = [];
    await use(async (onConnection) => {
      const server = await startRawServer(onConnection);
      servers.push(server);
      return server;
    });
    await stopAll(servers);
  },
});
