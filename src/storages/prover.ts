import type { Clock } from "../platform/clock.ts";
import { checkEgressUrl } from "../platform/egress/check-url.ts";
import type { EgressPolicy } from "../platform/egress/policy.ts";
import { fail } from "../platform/failure.ts";
import type { StorageProver } from "./service.ts";

/** Tries connections with the real client, within the egress policy. The client is loaded for the first of them: it is large. */
export function createStorageProver({ policy, clock }: { policy: EgressPolicy; clock: Clock }): StorageProver {
  return {
    requireReachable(location) {
      const verdict = checkEgressUrl(policy, location.endpoint);
      if (verdict.allowed) return;
      const details = { reason: "endpoint_forbidden", hint: verdict.message, checks: [] };
      throw fail("S3_CONNECTION_FAILED", `The endpoint must not be reached: ${verdict.message}`, details);
    },
    async prove(location, credential, signal) {
      const { proveStorage } = await import("./s3/probe.ts");
      return proveStorage(location, credential, { policy, clock, signal });
    },
  };
}
