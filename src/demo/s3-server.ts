import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buildApp } from "fauxqs";
// fauxqs does not export its stores, so they are imported by the path of their files.
import { S3Store } from "../../node_modules/fauxqs/dist/s3/s3Store.js";
import { SnsStore } from "../../node_modules/fauxqs/dist/sns/snsStore.js";
import { SqsStore } from "../../node_modules/fauxqs/dist/sqs/sqsStore.js";

/** A running S3 server and the credential of its account. */
export type S3Server = {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Stops the server and its connections, and drops its data. */
  stop(): Promise<void>;
};

type Account = Pick<S3Server, "region" | "accessKeyId" | "secretAccessKey">;
type Listing = ReturnType<S3Store["listObjects"]>;
type ListOptions = NonNullable<Parameters<S3Store["listObjects"]>[1]>;
type Refusal = { status: number; code: string; message: string };

/**
 * Starts an S3 server in this process, on loopback, with its data in memory. It accepts path-style requests and objects of
 * at most 11 MiB, and has one account with all rights, new at each start.
 *
 * fauxqs stores and answers but checks no signatures, so this function checks the Authorization header (version 4). It does
 * not compare the body with its signed hash. Unsigned requests and signed URLs are refused.
 *
 * @param options.buckets the names of the empty buckets to start with
 * @param options.port default: a free port
 * @throws when the port is taken or a bucket's name is not allowed
 */
export async function startS3Server(options: { buckets: readonly string[]; port?: number }): Promise<S3Server> {
  const account = {
    region: "us-east-1",
    accessKeyId: randomBytes(10).toString("hex").toUpperCase(),
    secretAccessKey: randomBytes(20).toString("hex"),
  };
  const app = buildApp({
    logger: false,
    stores: { sqsStore: new SqsStore(), snsStore: new SnsStore(), s3Store: new ByteOrderedStore() },
  });
  let listening = false;
  app.addHook("onRequest", async (request, reply) => {
    const refusal = listening ? checkSignature(request.raw, account) : undefined;
    if (refusal === undefined) return;
    return reply.status(refusal.status).type("application/xml").send(toXml(refusal));
  });
  try {
    for (const bucket of options.buckets) {
      const { statusCode } = await app.inject({ method: "PUT", url: `/${bucket}` });
      if (statusCode !== 200) throw new Error(`The S3 server refused the bucket "${bucket}" (${statusCode}).`);
    }
    listening = true;
    await app.listen({ host: "127.0.0.1", port: options.port ?? 0 });
  } catch (error) {
    await app.close();
    throw error;
  }
  const { port } = app.server.address() as AddressInfo;
  return {
    ...account,
    endpoint: `http://127.0.0.1:${port}`,
    async stop() {
      await app.close();
    },
  };
}

/** fauxqs sorts keys by language but pages by code unit, which loses and repeats keys; S3 does both by bytes. */
class ByteOrderedStore extends S3Store {
  override listObjects(bucket: string, options: ListOptions = {}): Listing {
    const { prefix = "" } = options;
    return paginate(super.listObjects(bucket, { prefix, maxKeys: Number.POSITIVE_INFINITY }).objects, options);
  }
}

function paginate(objects: Listing["objects"], options: ListOptions): Listing {
  const { prefix = "", delimiter = "", maxKeys = 1000 } = options;
  const after = options.startAfter ?? options.marker ?? "";
  const page: Listing = { objects: [], commonPrefixes: [], isTruncated: false };
  for (const object of objects.toSorted((a, b) => compareBytes(a.key, b.key))) {
    const end = delimiter === "" ? -1 : object.key.indexOf(delimiter, prefix.length);
    const name = end === -1 ? object.key : object.key.slice(0, end + delimiter.length);
    if (compareBytes(name, after) <= 0 || name === page.commonPrefixes.at(-1)) continue;
    if (page.objects.length + page.commonPrefixes.length >= maxKeys) return { ...page, isTruncated: true };
    if (end === -1) page.objects.push(object);
    else page.commonPrefixes.push(name);
  }
  return page;
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** Checks the Authorization header of a request. @returns the refusal of S3; undefined for a right signature */
export function checkSignature(
  request: Pick<IncomingMessage, "method" | "url" | "headers">,
  account: Account,
): Refusal | undefined {
  const { authorization } = request.headers;
  if (authorization === undefined) return { status: 403, code: "AccessDenied", message: "Access Denied" };
  const [, keyId, date = "", region = "", signedHeaders = "", signature = ""] = AUTHORIZATION.exec(authorization) ?? [];
  if (keyId === undefined) return malformed("the authorization header cannot be read");
  if (keyId !== account.accessKeyId) {
    return { status: 403, code: "InvalidAccessKeyId", message: "The access key ID does not exist in our records." };
  }
  if (region !== account.region) return malformed(`the region '${region}' is wrong; expecting '${account.region}'`);
  const expected = sign(request, signedHeaders, date, account);
  if (timingSafeEqual(Buffer.from(signature, "hex"), expected)) return undefined;
  return { status: 403, code: "SignatureDoesNotMatch", message: "The signature does not match the one calculated." };
}

function malformed(why: string): Refusal {
  return {
    status: 400,
    code: "AuthorizationHeaderMalformed",
    message: `The authorization header is malformed; ${why}.`,
  };
}

/** The AWS Signature Version 4 of the request as it was received. */
function sign(
  request: Parameters<typeof checkSignature>[0],
  signedHeaders: string,
  date: string,
  account: Account,
): Buffer {
  const { headers } = request;
  const [path = "", query = ""] = (request.url ?? "").split("?");
  const parameters = query.split("&").filter((parameter) => parameter !== "");
  const canonical = [
    request.method,
    path,
    parameters
      .map((parameter) => (parameter.includes("=") ? parameter : `${parameter}=`))
      .sort()
      .join("&"),
    ...signedHeaders.split(";").map(
      (name) =>
        `${name}:${String(headers[name] ?? "")
          .trim()
          .replace(/ +/g, " ")}`,
    ),
    "",
    signedHeaders,
    headers["x-amz-content-sha256"],
  ].join("\n");
  const scope = `${date}/${account.region}/s3/aws4_request`;
  const digest = createHash("sha256").update(canonical).digest("hex");
  let key: Buffer = Buffer.from(`AWS4${account.secretAccessKey}`);
  for (const part of scope.split("/")) key = hmac(key, part);
  return hmac(key, `AWS4-HMAC-SHA256\n${headers["x-amz-date"]}\n${scope}\n${digest}`);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function toXml({ code, message }: Refusal): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
}
