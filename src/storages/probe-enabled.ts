import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import { systemLookup } from "../platform/egress/guard.ts";
import type { EgressPolicy } from "../platform/egress/policy.ts";
import { Failure } from "../platform/failure.ts";
import type { CredentialKeeper } from "./credentials.ts";
import { describeFailure, findFailedCheck } from "./failed-check.ts";
import { toLocation } from "./location.ts";
import { listStoragesToProbe, type StorageToProbe } from "./queries.ts";
import { probeMilliseconds } from "./verifier.ts";

/** Bounds the open connections of this process, and the load on one S3 server that has all the storages. */
const maxProbed = 20;

interface ProbeNeeds {
  readonly db: Database;
  readonly credentials: CredentialKeeper;
  readonly policy: EgressPolicy;
  readonly clock: Clock;
}

interface ProbedStorages {
  readonly probed: number;
  readonly enabled: number;
  /** Storages that EOM may neither list nor read. That is right where EOM only writes. */
  readonly denied: number;
  /** One sentence for each storage that cannot be used; without anything secret. */
  readonly problems: readonly string[];
}

/**
 * Lists up to 20 enabled storages and reads the first byte of an object of each, all at once, within 10 s. Storages whose
 * last verification failed come first, then those whose verification is oldest. Writes nothing, neither there nor here.
 *
 * @throws SECRET_STORE_UNAVAILABLE
 */
export async function probeEnabledStorages(needs: ProbeNeeds): Promise<ProbedStorages> {
  const rows = await listStoragesToProbe(needs.db, maxProbed);
  const outcomes = await Promise.all(rows.map((row) => probe(row, needs)));
  return {
    probed: rows.length,
    enabled: rows[0]?.enabled ?? 0,
    denied: outcomes.filter((outcome) => outcome === "denied").length,
    problems: outcomes.filter((outcome) => typeof outcome === "object").map(({ problem }) => problem),
  };
}

type Outcome = "usable" | "denied" | { readonly problem: string };

async function probe(row: StorageToProbe, { credentials, policy, clock }: ProbeNeeds): Promise<Outcome> {
  const credential = await credentials.read(row.credential_ref).catch(toProblem);
  if (credential !== null && "problem" in credential) return { problem: `${row.name}: ${credential.problem}` };
  const { probeStorage } = await import("./s3/probe.ts");
  const location = { ...toLocation(row), read_only: true };
  const settings = { policy, lookup: systemLookup, clock, budgetMilliseconds: probeMilliseconds };
  const failed = findFailedCheck(await probeStorage(location, credential, settings));
  if (failed === undefined) return "usable";
  if (failed.reason === "access_denied" && !row.read_only) return "denied";
  return { problem: `${row.name}: ${describeFailure({ checks: [failed] })}` };
}

/** A lost credential is a problem of its storage. Any other error, such as a store that does not answer, concerns all. */
function toProblem(error: unknown): { readonly problem: string } {
  if (error instanceof Failure && error.code === "CONFIGURATION_ERROR") return { problem: error.message };
  throw error;
}
