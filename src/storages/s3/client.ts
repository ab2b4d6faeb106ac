import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { createGuardedAgents } from "../../platform/egress/agents.ts";
import { type Lookup, systemLookup } from "../../platform/egress/guard.ts";
import type { EgressPolicy } from "../../platform/egress/policy.ts";
import { BoundedHttpHandler } from "./bounded-handler.ts";
import type { S3Credential, S3Location } from "./location.ts";
import type { RetryConfig } from "./retry.ts";

export interface S3ClientSettings {
  readonly policy: EgressPolicy;
  readonly lookup?: Lookup | undefined;
  /** For TCP alone. */
  readonly connectMs: number;
  /** From the request to the head of its answer. A body that trickles has to be ended by an abort signal. */
  readonly requestMs: number;
  readonly retry: RetryConfig;
}

export interface S3Connection {
  readonly client: S3Client;
  /** Closes the sockets, busy ones too. */
  close(): void;
}

/**
 * The one way to an object store: proofs and the real work go through it, so that a proof proves the real thing.
 *
 * Each option that the SDK would otherwise take from AWS_* variables, from ~/.aws or from a metadata service is given
 * here, for a storage is what its row says and not what the machine happens to be set up for.
 */
export function createS3Connection(
  location: S3Location,
  credential: S3Credential,
  settings: S3ClientSettings,
): S3Connection {
  const ca = location.ca_certificate ?? undefined;
  const agents = createGuardedAgents(settings.policy, { ca, lookup: settings.lookup ?? systemLookup });
  const client = new S3Client({
    ...isolation,
    ...dialect,
    ...settings.retry,
    endpoint: location.endpoint,
    region: location.region,
    forcePathStyle: location.path_style,
    credentials: {
      accessKeyId: credential.access_key_id,
      secretAccessKey: credential.secret_access_key,
      ...(credential.session_token === undefined ? {} : { sessionToken: credential.session_token }),
    },
    logger: silent,
    requestHandler: new BoundedHttpHandler({
      connectionTimeout: settings.connectMs,
      requestTimeout: settings.requestMs,
      // Without it a request that takes too long is a warning on the console, and goes on.
      throwOnRequestTimeout: true,
      httpAgent: agents.http,
      httpsAgent: agents.https,
      logger: silent,
    }),
  });
  // Would send the trace id of an AWS Lambda.
  client.middlewareStack.remove("recursionDetectionMiddleware");
  return {
    client,
    close() {
      client.destroy();
      agents.destroy();
    },
  };
}

const ignore = (): void => {};
const silent = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

/** Answers to what the SDK would look up elsewhere. */
const isolation: S3ClientConfig = {
  defaultsMode: "standard",
  authSchemePreference: [],
  sigv4aSigningRegionSet: [],
  useDualstackEndpoint: false,
  useFipsEndpoint: false,
  disableClockSkewCorrection: false,
  userAgentAppId: "",
  defaultUserAgentProvider: async () => [["eom"]],
};

/** What keeps the SDK from the features of AWS that other servers stumble over. */
const dialect: S3ClientConfig = {
  // Checksum trailers are the default since 3.729.0, and broke R2, B2 and others.
  requestChecksumCalculation: "WHEN_REQUIRED",
  responseChecksumValidation: "WHEN_REQUIRED",
  followRegionRedirects: false,
  useArnRegion: false,
  disableMultiregionAccessPoints: true,
  disableS3ExpressSessionAuth: true,
};
