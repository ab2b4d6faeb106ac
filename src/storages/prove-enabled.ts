import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import type { EgressPolicy } from "../platform/egress/policy.ts";
import { Failure } from "../platform/failure.ts";
import { toWhy } from "./concerns.ts";
import type { CredentialKeeper } from "./credentials.ts";
import { toLocation } from "./model.ts";
import { listStoragesToProve, type StorageToProve } from "./queries.ts";

/** So many at once are bearable for this process and for one S3 server that has them all. */
const mostProved = 20;

export interface ProveNeeds {
  readonly db: Database;
  readonly credentials: CredentialKeeper;
  readonly policy: EgressPolicy;
  readonly clock: Clock;
}

export interface ProvedStorages {
  readonly proved: number;
  readonly enabled: number;
  /** May neither be listed nor read, which is right where they are only written to. */
  readonly denied: number;
  /** A sentence for each that cannot be used; without anything secret. */
  readonly problems: readonly string[];
}

/**
 * Asks the S3 servers of enabled storages anew, all at once, for 10 s at most: those that failed last, then those that were
 * proved longest ago. Each is listed and the first byte of an object read; nothing is written. Changes no report.
 *
 * @throws SECRET_STORE_UNAVAILABLE
 */
export async function proveEnabledStorages(needs: ProveNeeds): Promise<ProvedStorages> {
  const rows = await listStoragesToProve(needs.db, mostProved);
  const proofs = await Promise.all(rows.map((row) => prove(row, needs)));
  return {
    proved: rows.length,
    enabled: rows[0]?.enabled ?? 0,
    denied: proofs.filter((proof) => proof === "denied").length,
    problems: proofs.filter((proof) => typeof proof === "object").map(({ problem }) => problem),
  };
}

type Proof = "usable" | "denied" | { readonly problem: string };

async function prove(row: StorageToProve, { credentials, policy, clock }: ProveNeeds): Promise<Proof> {
  const credential = await credentials.read(row.credential_ref).catch(toLost);
  if ("lost" in credential) return { problem: `${row.name}: ${credential.lost}` };
  const { proveStorage } = await import("./s3/probe.ts");
  const { checks } = await proveStorage({ ...toLocation(row), read_only: true }, credential, { policy, clock });
  const failed = checks.find(({ status }) => status === "FAIL");
  if (failed === undefined) return "usable";
  if (failed.reason === "access_denied" && !row.read_only) return "denied";
  return { problem: `${row.name}: ${toWhy({ checks: [failed] })}` };
}

/** What is lost of one storage keeps no other from being proved; a store that does not answer does. */
function toLost(error: unknown): { readonly lost: string } {
  if (error instanceof Failure && error.code === "CONFIGURATION_ERROR") return { lost: error.message };
  throw error;
}
