import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { createGuardedAgents } from "../../platform/egress/agents.ts";
import type { Lookup } from "../../platform/egress/guard.ts";
import type { EgressPolicy } from "../../platform/egress/policy.ts";
import { BoundedHttpHandler } from "./bounded-handler.ts";
import type { S3Credential, S3Location } from "./location.ts";
import type { RetryConfig } from "./retry.ts";

/** Settings of a connection. */
export interface S3ClientSettings {
  readonly policy: EgressPolicy;
  readonly lookup: Lookup;
  /** Limit for the TCP handshake; the TLS handshake is not counted. */
  readonly connectMilliseconds: number;
  /** Limit from the request to the header of its answer. A slow body has no limit here: use an abort signal. */
  readonly requestMilliseconds: number;
  readonly retry: RetryConfig;
}

/** An SDK client with sockets of its own. */
export interface S3Connection {
  readonly client: S3Client;
  /** Closes all sockets, also those in use. */
  close(): void;
}

/**
 * Connects to an object store. Probes and jobs both use it, so that a probe tests the connection that jobs will have.
 *
 * A connection depends on the storage's row alone. The SDK would read missing options from AWS_* variables, ~/.aws or a
 * metadata service, so every such option is set here.
 *
 * @param credential null for requests that are not signed
 */
export function createS3Connection(
  location: S3Location,
  credential: S3Credential | null,
  settings: S3ClientSettings,
): S3Connection {
  const ca = location.ca_certificate ?? undefined;
  const agents = createGuardedAgents(settings.policy, { ca, lookup: settings.lookup });
  const client = new S3Client({
    ...isolation,
    ...dialect,
    ...settings.retry,
    endpoint: location.endpoint,
    region: location.region,
    forcePathStyle: location.path_style,
    ...(credential === null ? unsigned : { credentials: toIdentity(credential) }),
    logger: silent,
    requestHandler: new BoundedHttpHandler({
      connectionTimeout: settings.connectMilliseconds,
      requestTimeout: settings.requestMilliseconds,
      // The default only writes a warning to the console when a request takes too long.
      throwOnRequestTimeout: true,
      httpAgent: agents.http,
      httpsAgent: agents.https,
      logger: silent,
    }),
  });
  // It would send the trace id of an AWS Lambda.
  client.middlewareStack.remove("recursionDetectionMiddleware");
  return {
    client,
    close() {
      client.destroy();
      agents.destroy();
    },
  };
}

function toIdentity({ access_key_id, secret_access_key, session_token }: S3Credential) {
  const keys = { accessKeyId: access_key_id, secretAccessKey: secret_access_key };
  return session_token === undefined ? keys : { ...keys, sessionToken: session_token };
}

/** The name that Smithy gives to requests without a signature. */
const noAuth = "smithy.api#noAuth";

/** Requests without a signature. Without this scheme the SDK would look for a credential on the machine. */
const unsigned: S3ClientConfig = {
  httpAuthSchemeProvider: () => [{ schemeId: noAuth }],
  httpAuthSchemes: [
    { schemeId: noAuth, identityProvider: () => async () => ({}), signer: { sign: async (request) => request } },
  ],
};

const ignore = (): void => {};
const silent = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

/** Options that the SDK would otherwise read from the environment. */
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

/** Turns off features of AWS that other S3 servers do not support. */
const dialect: S3ClientConfig = {
  // Since 3.729.0 the SDK sends checksum trailers by default; R2, B2 and others reject them.
  requestChecksumCalculation: "WHEN_REQUIRED",
  responseChecksumValidation: "WHEN_REQUIRED",
  followRegionRedirects: false,
  useArnRegion: false,
  disableMultiregionAccessPoints: true,
  disableS3ExpressSessionAuth: true,
};
