import { test as base, expect } from "vitest";
import { type S3Server, startS3Server } from "../../src/demo/s3-server.ts";
import { storages as path } from "../contract/described.ts";
import { type DatabaseKind, databaseKinds } from "../support/database/database.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";

type Fields = Record<string, unknown>;

/** The fixtures of a test of storages over HTTP. */
interface StorageFixtures {
  /** The program, the same for all tests of a file. */
  readonly app: TestApp;
  /** An S3 server with the buckets `scenes` and `others`, the same for all tests of a file. */
  readonly s3: S3Server;
  /** The credential of `s3`. */
  readonly credential: { readonly access_key_id: string; readonly secret_access_key: string };
  /** The body of a create, with a name and a prefix of its own. */
  readonly describeStorage: (changes?: Fields, resource?: Fields) => { name: string; resource: Fields };
  /** Creates a storage and returns it as the API answers it. */
  readonly create: (changes?: Fields, resource?: Fields) => Promise<TestStorage>;
}

// biome-ignore lint/suspicious/noExplicitAny: tests read the fields that they expect.
type TestStorage = any;

let storages = 0;

/** Vitest's `test` with the program on a database of this kind. */
function createStorageTest(kind: DatabaseKind) {
  return base.extend<StorageFixtures>({
    app: [
      // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of a fixture's needs from its first parameter.
      async ({}, use) => {
        const app = await createTestApp(kind);
        await use(app);
        await app.close();
      },
      { scope: "file" },
    ],
    s3: [
      // biome-ignore lint/correctness/noEmptyPattern: as above.
      async ({}, use) => {
        const s3 = await startS3Server({ buckets: ["scenes", "others"] });
        await use(s3);
        await s3.stop();
      },
      { scope: "file" },
    ],
    credential: async ({ s3 }, use) => {
      await use({ access_key_id: s3.accessKeyId, secret_access_key: s3.secretAccessKey });
    },
    describeStorage: async ({ s3, credential }, use) => {
      await use((changes = {}, resource = {}) => {
        storages += 1;
        const place = { type: "s3", endpoint: s3.endpoint, bucket: "scenes", prefix: `p${storages}`, credential };
        return { name: `storage ${storages}`, resource: { ...place, ...resource }, ...changes };
      });
    },
    create: async ({ app, describeStorage }, use) => {
      await use(async (changes, resource) => {
        const answer = await app.request("POST", path, describeStorage(changes, resource));
        expect(answer).toMatchObject({ status: 201 });
        return answer.body;
      });
    },
  });
}

/**
 * A `test` for each kind of database. Vitest allows fixtures of a whole file only outside of `describe`.
 *
 * @example
 * describe.each(storageTests)("storages on %s", (_kind, test) => {
 *   test("are created", async ({ create }) => {});
 * });
 */
export const storageTests = databaseKinds.map((kind) => [kind, createStorageTest(kind)] as const);
