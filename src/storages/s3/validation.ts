import { X509Certificate } from "node:crypto";
import { z } from "zod";

/** The normalised text, or what is wrong with it: what was wanted and what came. */
export type Normalised = { readonly value: string } | { readonly problem: string };

/** The origin alone, spelled in one way: lower case, punycode, no default port. */
export function normaliseEndpoint(text: string): Normalised {
  const url = URL.parse(text.trim());
  if (url === null) return { problem: "wanted a URL such as https://s3.example.org:9000" };
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return { problem: `wanted http or https, not ${url.protocol.slice(0, -1)}` };
  }
  if (url.username !== "" || url.password !== "") {
    return { problem: "wanted a URL without a user and a password; the credential has fields of its own" };
  }
  if (url.pathname !== "/")
    return { problem: "wanted a URL without a path; bucket and prefix have fields of their own" };
  // Read from the text: an empty query or fragment leaves no trace in the parsed URL.
  if (/[?#]/.test(text)) return { problem: "wanted a URL without a query and a fragment" };
  url.hostname = url.hostname.replace(/\.$/, "");
  return url.origin.length > maxEndpointLength
    ? { problem: `wanted at most ${maxEndpointLength} characters` }
    : { value: url.origin };
}

const maxEndpointLength = 300;

/** Empty, or segments that each end in a slash. One slash in front is forgiven, for many tools show it. */
export function normalisePrefix(text: string): Normalised {
  const path = text.replace(/^\//, "");
  if (path === "") return { value: "" };
  const segments = path.replace(/\/$/, "").split("/");
  if (segments.includes("")) return { problem: "wanted no empty segment (two slashes in a row)" };
  if (segments.some((segment) => segment === "." || segment === "..")) {
    return { problem: "wanted no segment that is . or .." };
  }
  if (/\p{Cc}/u.test(path)) return { problem: "wanted no control characters" };
  if (!path.isWellFormed()) return { problem: "wanted valid Unicode" };
  const value = `${segments.join("/")}/`;
  const bytes = Buffer.byteLength(value);
  return bytes > maxPrefixBytes ? { problem: `wanted at most ${maxPrefixBytes} bytes, not ${bytes}` } : { value };
}

/** Keys end at 1024 bytes; this leaves half of them for what lies below the prefix. */
const maxPrefixBytes = 512;

/**
 * The certificates of a PEM bundle, without the text around them.
 *
 * A private key is refused, and nothing of it is repeated.
 */
export function normaliseCaCertificate(text: string): Normalised {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxCaBytes) return { problem: `wanted at most ${maxCaBytes} bytes, not ${bytes}` };
  if (/PRIVATE KEY-----/.test(text))
    return { problem: "wanted certificates alone, and there is a private key among them" };
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return { problem: "wanted one or more certificates as PEM (-----BEGIN CERTIFICATE-----)" };
  const broken = blocks.findIndex((block) => !isCertificate(block));
  if (broken >= 0) return { problem: `wanted certificates, and the one at position ${broken + 1} cannot be read` };
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
 * The rule of AWS for new buckets, which also keeps out what the SDK takes for something else than a bucket name: `..`
 * lists all buckets of a server, an ARN and the reserved suffixes go to other services.
 */
export function parseBucket(name: string): Normalised {
  if (name.startsWith("arn:")) return { problem: "wanted a bucket's name, not an ARN" };
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
    return { problem: `wanted 3 to 63 of a-z, 0-9, . and -, a letter or digit at both ends, not ${describe(name)}` };
  }
  if (name.includes("..")) return { problem: `wanted no two dots in a row, not ${describe(name)}` };
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return { problem: `wanted no name like an IP address, not ${describe(name)}` };
  const reserved = ["--x-s3", "--ol-s3", "-s3alias"].find((suffix) => name.endsWith(suffix));
  return reserved === undefined
    ? { value: name }
    : { problem: `wanted a plain bucket, not one of the names that end in ${reserved}, which are of another kind` };
}

/** What the SDK accepts as a region (it becomes part of host names), third-party names such as `RegionOne` included. */
export function parseRegion(text: string): Normalised {
  return /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/.test(text)
    ? { value: text }
    : { problem: `wanted 1 to 63 letters, digits and hyphens, no hyphen at the ends, not ${describe(text)}` };
}

/** What came is told by its length alone: people paste keys into the wrong field. */
function describe(text: string): string {
  return `what came (${text.length} characters)`;
}

export const endpointSchema = normalised(normaliseEndpoint, 2_000).meta({
  description: "Origin of the S3 server: scheme, host and port",
  example: "https://s3.example.org",
});

export const bucketSchema = normalised(parseBucket, 2_000).meta({
  description: "Name of the bucket",
  example: "scenes",
});

export const prefixSchema = normalised(normalisePrefix, 2_000).meta({
  description: "Where in the bucket the storage begins; kept with a trailing slash and none in front",
  example: "2026/",
});

export const regionSchema = normalised(parseRegion, 2_000).meta({
  description: "Region that requests are signed for",
  example: "eu-central-1",
});

export const caCertificateSchema = normalised(normaliseCaCertificate, maxCaBytes).meta({
  description: "PEM of the authorities to trust in place of the public ones, at most 64 KiB",
});

/** A string schema whose output is normalised; it stays a string for OpenAPI. */
function normalised(normalise: (text: string) => Normalised, maxLength: number) {
  return z
    .string()
    .max(maxLength, { abort: true, error: `wanted at most ${maxLength} characters` })
    .check((context) => {
      const result = normalise(context.value);
      if ("problem" in result) {
        context.issues.push({ code: "custom", message: result.problem, input: context.value, continue: false });
      } else {
        context.value = result.value;
      }
    });
}
