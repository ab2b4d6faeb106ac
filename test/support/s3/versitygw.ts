import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { CreateBucketCommand, PutBucketPolicyCommand, S3Client } from "@aws-sdk/client-s3";
import { type OwnedChild, own, partBinary, until } from "../../../scripts/parts/child.ts";
import { patience } from "../time-limits.ts";

export type S3Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string };

export type VersitygwServer = S3Credentials & {
  readonly endpoint: string;
  /** The one region that requests must be signed for. */
  readonly region: string;
  createBucket(name: string): Promise<void>;
  /** Makes a user who may do nothing in any bucket until {@link VersitygwServer.allow} says otherwise. */
  createUser(): Promise<S3Credentials>;
  /**
   * Replaces the bucket's policy by one that allows a user these actions only, on the bucket and its objects.
   *
   * @param actions as "s3:GetObject" or "s3:ListBucket"
   */
  allow(bucket: string, user: S3Credentials, actions: readonly string[]): Promise<void>;
  /** The same for everybody, also for requests without a signature. */
  allowEverybody(bucket: string, actions: readonly string[]): Promise<void>;
  /** Ends the server and removes what it stored. */
  stop(): Promise<void>;
};

/**
 * Starts a Versity S3 Gateway on a free loopback port, with random credentials and data in a temporary folder.
 *
 * @throws when the program is not built or does not become ready within 30 s
 */
export async function startVersitygw(): Promise<VersitygwServer> {
  const binary = partBinary("versitygw", "versitygw");
  const folder = await mkdtemp(join(tmpdir(), "eom-versitygw-"));
  const root = newCredentials();
  const region = "eu-test-1";
  try {
    const { endpoint, child } = await listen({ binary, folder, root, region });
    return connect({ binary, endpoint, region, root, folder, child });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

type Settings = { binary: string; folder: string; root: S3Credentials; region: string };

function connect(running: Settings & { endpoint: string; child: OwnedChild }): VersitygwServer {
  const { binary, endpoint, region, root, folder, child } = running;
  const client = new S3Client({ endpoint, region, credentials: root, forcePathStyle: true });
  return {
    ...root,
    endpoint,
    region,
    async createBucket(name) {
      await client.send(new CreateBucketCommand({ Bucket: name }));
    },
    async createUser() {
      const user = newCredentials();
      const { accessKeyId, secretAccessKey } = user;
      await promisify(execFile)(
        binary,
        ["admin", "create-user", "--access", accessKeyId, "--secret", secretAccessKey, "--role", "user"],
        {
          env: {
            ADMIN_ACCESS_KEY_ID: root.accessKeyId,
            ADMIN_SECRET_ACCESS_KEY: root.secretAccessKey,
            ADMIN_REGION: region,
            ADMIN_ENDPOINT_URL: endpoint,
          },
        },
      );
      return user;
    },
    async allow(bucket, user, actions) {
      const Policy = policy(bucket, { AWS: [user.accessKeyId] }, actions);
      await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    },
    async allowEverybody(bucket, actions) {
      await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policy(bucket, "*", actions) }));
    },
    async stop() {
      client.destroy();
      await child.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The gateway cannot say which port it got, so a free one is chosen for it; another process may take it meanwhile. */
async function listen(settings: Settings): Promise<{ endpoint: string; child: OwnedChild }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const child = await launch(settings, port);
    const endpoint = `http://127.0.0.1:${port}`;
    try {
      const healthy = async (): Promise<boolean> =>
        (await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(2000) })).ok;
      await Promise.race([until("The S3 gateway", healthy, patience.timeout / 1000), child.failed]);
      return { endpoint, child };
    } catch (error) {
      await child.stop();
      if (attempt === 3) throw error;
    }
  }
}

async function launch({ binary, folder, root, region }: Settings, port: number): Promise<OwnedChild> {
  const [data, users, sidecar] = [join(folder, "data"), join(folder, "users"), join(folder, "sidecar")];
  for (const path of [data, users, sidecar]) await mkdir(path, { recursive: true });
  const args = [
    "--port",
    `127.0.0.1:${port}`,
    "--region",
    region,
    "--iam-dir",
    users,
    "--health",
    "/health",
    "--quiet",
  ];
  const child = spawn(binary, [...args, "posix", "--sidecar", sidecar, data], {
    env: { ROOT_ACCESS_KEY_ID: root.accessKeyId, ROOT_SECRET_ACCESS_KEY: root.secretAccessKey },
    stdio: ["ignore", "ignore", "pipe"],
  });
  return own(child, "The S3 gateway");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function newCredentials(): S3Credentials {
  return {
    accessKeyId: randomBytes(10).toString("hex").toUpperCase(),
    secretAccessKey: randomBytes(20).toString("hex"),
  };
}

function policy(bucket: string, principal: unknown, actions: readonly string[]): string {
  const onObjects = actions.filter((action) => action.includes("Object"));
  const onBucket = actions.filter((action) => !action.includes("Object"));
  const statement = (Action: string[], Resource: string): object[] =>
    Action.length === 0 ? [] : [{ Effect: "Allow", Principal: principal, Action, Resource }];
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [...statement(onBucket, `arn:aws:s3:::${bucket}`), ...statement(onObjects, `arn:aws:s3:::${bucket}/*`)],
  });
}
