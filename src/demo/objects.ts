import { randomBytes } from "node:crypto";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { S3Server } from "./s3-server.ts";

const maxObjectBytes = 4096;
const atOnce = 16;

/** Writes objects into a bucket. */
export interface ObjectWriter {
  /** Adds `count` objects of up to 4 KiB below `prefix`. */
  write(prefix: string, count: number): Promise<void>;
  close(): void;
}

/** A client that fills a bucket, as the owner of a storage would. */
export function createObjects(s3: S3Server, bucket: string): ObjectWriter {
  const client = new S3Client({
    endpoint: s3.endpoint,
    region: s3.region,
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
    credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
  });
  let written = 0;

  async function writeOne(prefix: string): Promise<void> {
    written += 1;
    const Key = `${prefix}scene-${String(written).padStart(6, "0")}.tif`;
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key, Body: randomBytes(1 + Math.floor(Math.random() * maxObjectBytes)) }),
    );
  }

  return {
    async write(prefix, count) {
      for (let left = count; left > 0; left -= atOnce) {
        await Promise.all(Array.from({ length: Math.min(atOnce, left) }, () => writeOne(prefix)));
      }
    },
    close: () => client.destroy(),
  };
}
