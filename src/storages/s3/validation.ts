import { X509Certificate } from "node:crypto";
import { z } from "zod";

/** The normalised text, or what is wrong with it. */
export type Normalised = { readonly value: string } | { readonly problem: string };

/**
 * Normalises an endpoint to its origin and path: lower case, punycode, no default port, no slash at the end.
 *
 * Example: `HTTPS://S3.Example.org:443/` becomes `https://s3.example.org`, `https://example.org/storage/s3/` becomes
 * `https://example.org/storage/s3`.
 */
export function normaliseEndpoint(text: string): Normalised {
  const url = URL.parse(text.trim());
  if (url === null) return { problem: "must be a URL such as https://s3.example.org:9000" };
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return { problem: `must be http or https, not ${url.protocol.slice(0, -1)}` };
  }
  if (url.username !== "" || url.password !== "") {
    return { problem: "must have no user and password: the credential has fields of its own" };
  }
  // Read from the text: an empty query or fragment leaves no trace in the parsed URL.
  if (/[?#]/.test(text)) return { problem: "must have no query and no fragment" };
  const path = url.pathname.replace(/\/$/, "");
  if (!isPlainPath(text, path)) {
    return {
      problem:
        "must have a path of segments with letters, digits and . _ ~ - only, such as https://example.org/storage/s3, without bucket and prefix",
    };
  }
  url.hostname = url.hostname.replace(/\.$/, "");
  const value = `${url.origin}${path}`;
  return value.length > maxEndpointLength
    ? { problem: `must have at most ${maxEndpointLength} characters` }
    : { value };
}

/**
 * Whether a path has only characters that no proxy and no signer rewrites. Dot segments are read from the text: the parsed
 * URL has none of them any more.
 */
function isPlainPath(text: string, path: string): boolean {
  const hasDotSegment = /[/\\](?:\.|%2e){1,2}(?:[/\\]|$)/i.test(text.trim());
  return !hasDotSegment && /^(?:\/[\w.~-]+)*$/.test(path);
}

const maxEndpointLength = 300;

/**
 * Normalises a prefix: empty, or segments that each end in a slash. One leading slash is removed, because many tools show it.
 *
 * Example: `/2026/raw` becomes `2026/raw/`.
 */
export function normalisePrefix(text: string): Normalised {
  const path = text.replace(/^\//, "");
  if (path === "") return { value: "" };
  const segments = path.replace(/\/$/, "").split("/");
  if (segments.includes("")) return { problem: "must have no empty segment (two slashes in a row)" };
  if (segments.some((segment) => segment === "." || segment === "..")) {
    return { problem: "must have no segment that is . or .." };
  }
  if (/\p{Cc}/u.test(path)) return { problem: "must have no control characters" };
  if (!path.isWellFormed()) return { problem: "must be valid Unicode" };
  const value = `${segments.join("/")}/`;
  const bytes = Buffer.byteLength(value);
  return bytes > maxPrefixBytes ? { problem: `must have at most ${maxPrefixBytes} bytes, not ${bytes}` } : { value };
}

/** S3 keys have at most 1024 bytes; this leaves half of them for the rest of the key. */
const maxPrefixBytes = 512;

/** Normalises a PEM bundle to its certificates, without the text around them. A private key is refused and not repeated. */
export function normaliseCaCertificate(text: string): Normalised {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxCaBytes) return { problem: `must have at most ${maxCaBytes} bytes, not ${bytes}` };
  if (/PRIVATE KEY-----/.test(text)) return { problem: "must have certificates only, but has a private key" };
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0)
    return { problem: "must have one or more certificates as PEM (-----BEGIN CERTIFICATE-----)" };
  const broken = blocks.findIndex((block) => !isCertificate(block));
  if (broken >= 0)
    return { problem: `must have valid certificates only, but certificate ${broken + 1} cannot be read` };
  return { value: `${blocks.map((block) => block.replace(/\r\n?/g, "\n")).join("\n")}\n` };
}

const maxCaBytes = 65_536;

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/**
 * Accepts a bucket name by the rule of AWS for new buckets, and `tenant:bucket` of Ceph, where an empty tenant is the global
 * one. The rule also excludes names that the SDK does not treat as buckets: `..` lists all buckets of a server, an ARN and
 * the reserved suffixes go to other services.
 */
export function parseBucket(text: string): Normalised {
  if (text.startsWith("arn:")) return { problem: "must be a bucket's name, not an ARN" };
  // Ceph accepts only these characters in a tenant; the length is EOM's own bound.
  const [prefix = ""] = /^\w{0,255}:/.exec(text) ?? [];
  const parsed = parseBucketOfTenant(text.slice(prefix.length));
  return "problem" in parsed ? parsed : { value: `${prefix}${parsed.value}` };
}

/** Accepts a bucket name without a tenant. */
function parseBucketOfTenant(name: string): Normalised {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
    return {
      problem: `must have 3 to 63 of a-z, 0-9, . and -, with a letter or digit at both ends, perhaps after a tenant and a colon, not ${describe(name)}`,
    };
  }
  if (name.includes("..")) return { problem: `must have no two dots in a row` };
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return { problem: `must not look like an IP address` };
  const reserved = ["--x-s3", "--ol-s3", "-s3alias"].find((suffix) => name.endsWith(suffix));
  return reserved === undefined
    ? { value: name }
    : { problem: `must not end in ${reserved}, which marks another kind of resource` };
}

/**
 * Accepts a region as the SDK does, which puts it into host names. Names of other providers are valid: `RegionOne`. The
 * old names of AWS for its FIPS endpoints are not regions, and the SDK refuses them beside an endpoint of one's own.
 */
export function parseRegion(text: string): Normalised {
  if (/^fips-|-fips$/.test(text)) {
    return {
      problem:
        "must be the region itself, without fips: enter the FIPS host as endpoint, such as https://s3-fips.us-east-1.amazonaws.com",
    };
  }
  return /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/.test(text)
    ? { value: text }
    : { problem: `must have 1 to 63 letters, digits and hyphens, with no hyphen at the ends, not ${describe(text)}` };
}

/** Accepts the id of a key as the header that carries it: in visible ASCII. */
export function parseKmsKeyId(text: string): Normalised {
  return /^[!-~]+$/.test(text)
    ? { value: text }
    : { problem: `must have visible ASCII characters only and no white space, not ${describe(text)}` };
}

/** Only the length: people paste keys into the wrong field. */
function describe(text: string): string {
  return `a value of ${text.length} characters`;
}

/** An endpoint, normalised. */
export const endpointSchema = normalised(normaliseEndpoint, 2_000).meta({
  description:
    "URL of the S3 server: scheme, host, port, and a path if its API is below one (https://example.org/storage/s3).",
  example: "https://s3.example.org",
});

/** A bucket's name. */
export const bucketSchema = normalised(parseBucket, 2_000).meta({
  description: "Name of the bucket; of a tenant's bucket in Ceph with the tenant, as tenant:bucket.",
  example: "scenes",
});

/** A prefix, normalised. */
export const prefixSchema = normalised(normalisePrefix, 2_000).meta({
  description: "Prefix of the storage's keys in the bucket; normalised to a trailing slash and no leading one.",
  example: "2026/",
});

/** A region's name. */
export const regionSchema = normalised(parseRegion, 2_000).meta({
  description: "Region that requests are signed for.",
  example: "eu-central-1",
});

/** A PEM bundle of certificates, normalised. */
export const caCertificateSchema = normalised(normaliseCaCertificate, maxCaBytes).meta({
  description: "PEM of the certificate authorities to trust instead of the public ones, at most 64 KiB.",
});

/** The key of a key service (KMS): the id of a key or alias, or its ARN. */
export const kmsKeyIdSchema = normalised(parseKmsKeyId, 2_048).meta({
  description:
    "Key id, alias or ARN of the key for aws:kms and aws:kms:dsse (x-amz-server-side-encryption-aws-kms-key-id). null: the default key of the key service.",
  example: "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
});

/** A string schema that normalises its output. A check, not a transform, so that OpenAPI still describes a string. */
function normalised(normalise: (text: string) => Normalised, maxLength: number) {
  return z
    .string()
    .max(maxLength, { abort: true, error: `must have at most ${maxLength} characters` })
    .check((context) => {
      const result = normalise(context.value);
      if ("problem" in result) {
        context.issues.push({ code: "custom", message: result.problem, input: context.value, continue: false });
      } else {
        context.value = result.value;
      }
    });
}
