import { startS3Server } from "../../../src/demo/s3-server.ts";
import { describeObjectStore } from "./object-store-contract.ts";

describeObjectStore("the S3 server of the demo", async () => {
  const server = await startS3Server({ buckets: ["scenes"] });
  return { ...server, bucket: "scenes" };
});
