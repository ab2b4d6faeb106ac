import type { Clock } from "../platform/clock.ts";
import { checkEgressUrl } from "../platform/egress/check-url.ts";
import { systemLookup } from "../platform/egress/guard.ts";
import type { EgressPolicy } from "../platform/egress/policy.ts";
import { endpointForbidden } from "./errors.ts";
import type { S3Credential, S3Location } from "./s3/location.ts";
import type { VerificationReport } from "./s3/report.ts";

/** A probe ends after this time, whatever the server does. */
export const probeMilliseconds = 10_000;

/** Verifies a connection by using it. */
export interface StorageVerifier {
  /** @throws S3_CONNECTION_FAILED when the egress rules forbid the endpoint */
  requireReachable(location: S3Location): void;
  /**
   * Lists, writes, reads and deletes. A fault of the server is in the report, never thrown.
   *
   * @throws the reason of `signal` when it aborts
   */
  verify(location: S3Location, credential: S3Credential | null, signal: AbortSignal): Promise<VerificationReport>;
}

/** A verifier that uses the S3 client, within the egress rules. It imports the client at the first verification: it is large. */
export function createStorageVerifier({ policy, clock }: { policy: EgressPolicy; clock: Clock }): StorageVerifier {
  return {
    requireReachable(location) {
      const verdict = checkEgressUrl(policy, location.endpoint);
      if (!verdict.allowed) throw endpointForbidden(verdict.message);
    },
    async verify(location, credential, signal) {
      const { probeStorage } = await import("./s3/probe.ts");
      const settings = { policy, lookup: systemLookup, clock, signal, budgetMilliseconds: probeMilliseconds };
      return probeStorage(location, credential, settings);
    },
  };
}
