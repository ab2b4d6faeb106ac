import type { StepContext } from "../context.ts";
import { renewLeases } from "./leases.ts";

/**
 * Renews this process's leases. A step of its own, in every process that launches or adopts runs: a process that only picks
 * has leases too, and without renewing would lose healthy runs.
 */
export async function renew({ db, lease }: StepContext): Promise<object> {
  await renewLeases(db, lease);
  return {};
}
