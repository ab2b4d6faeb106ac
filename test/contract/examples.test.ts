import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type S3Server, startS3Server } from "../../src/demo/s3-server.ts";
import { type Receiver, startReceiver } from "../notifications/receiver.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { patience } from "../support/time-limits.ts";
import { recordFailures } from "./examples/failures.ts";
import { recordMessages } from "./examples/messages.ts";
import { operations } from "./examples/recorder.ts";
import { runStory } from "./examples/story.ts";

/*
 * The examples of the OpenAPI document are real: this test records them, and compares them with the file that the document is made with.
 * EOM_WRITE_EXAMPLES=1 writes the file anew; then `npm run generate` renews the document.
 */

const file = join(import.meta.dirname, "../../src/platform/http/document/examples.json");

let app: TestApp;
let s3: S3Server;
let receiver: Receiver;
beforeAll(async () => {
  s3 = await startS3Server({ buckets: ["scenes"] });
  receiver = await startReceiver();
  app = await createTestApp("postgres");
});
afterAll(async () => {
  await app.close();
  await receiver.close();
  await s3.stop();
});

// The texts of examples are those of a server on PostgreSQL.
test.skipIf(inject("entry") !== "server")("the document's examples are what EOM answers", patience, async () => {
  const recorder = await runStory({ app, s3, receiver: receiver.address });
  const answered = recorder.toExamples({
    [s3.endpoint]: "https://s3.example.org",
    [s3.accessKeyId]: "EXAMPLEACCESSKEY",
    [s3.secretAccessKey]: "example-secret-that-opens-nothing",
    [receiver.address]: "https://hooks.example.org/eom",
  });
  expect(Object.keys(answered)).toEqual(operations.map(({ id }) => id));
  const examples = {
    operations: answered,
    failures: await recordFailures(app),
    messages: await recordMessages(app, receiver),
  };
  const text = `${JSON.stringify(examples, null, 1)}\n`;
  if (process.env["EOM_WRITE_EXAMPLES"] === "1") await writeFile(file, text);
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual(examples);
});
