import { once } from "node:events";
import { createObjects } from "./objects.ts";
import { startS3Server } from "./s3-server.ts";

const bucket = "scenes";
const objectsAtStart = 300;

/** Serves S3 for the tour in the README: on loopback, in memory, with some objects. Prints its address and its credential. */
export async function serveTourS3(stopped: AbortSignal): Promise<void> {
  const s3 = await startS3Server({ buckets: [bucket] });
  const objects = createObjects(s3, bucket);
  await objects.write("2026/", objectsAtStart);
  console.log(`An S3 server with ${objectsAtStart} objects in ${bucket}/2026/. For the other terminal:\n`);
  console.log(`export S3_ENDPOINT=${s3.endpoint} S3_KEY=${s3.accessKeyId} S3_SECRET=${s3.secretAccessKey}`);

  if (!stopped.aborted) await once(stopped, "abort");
  objects.close();
  await s3.stop();
}
