import { toHostAndPort } from "../platform/egress/host-and-port.ts";
import type { S3Location } from "./s3/location.ts";

/** The part of a storage that decides where a connection goes; a change of any of its fields is verified again. */
export function toLocation(resource: S3Location): S3Location {
  const { endpoint, region, bucket, prefix, path_style, read_only, ca_certificate } = resource;
  const { requester_pays, server_side_encryption, sse_kms_key_id } = resource;
  const place = { endpoint, region, bucket, prefix, path_style, read_only, ca_certificate };
  return { ...place, requester_pays, server_side_encryption, sse_kms_key_id };
}

/** Whether the objects lie elsewhere: another endpoint, bucket or prefix. */
export function isMoved(before: S3Location, after: S3Location): boolean {
  return before.endpoint !== after.endpoint || before.bucket !== after.bucket || before.prefix !== after.prefix;
}

/**
 * Whether two endpoints differ in host, port or path. A stored credential is sent to the server it was entered for, never
 * to another one, and a gateway may have another server below each path. Example: `https://s3.example.org` and
 * `https://s3.example.org:443` are the same server.
 */
export function isOtherServer(before: string, after: string): boolean {
  const [left, right] = [toHostAndPort(before), toHostAndPort(after)];
  const isOtherPath = new URL(before).pathname !== new URL(after).pathname;
  return isOtherPath || left.host !== right.host || left.port !== right.port;
}

/** The prefix itself and every prefix above it. Example: `a/b/` gives the empty prefix, `a/` and `a/b/`. */
export function listEnclosingPrefixes(prefix: string): string[] {
  const segments = prefix.split("/").slice(0, -1);
  return ["", ...segments.map((_, depth) => `${segments.slice(0, depth + 1).join("/")}/`)];
}
