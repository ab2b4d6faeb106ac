import type { Concerns } from "../platform/resource/concerns.ts";
import type { Check } from "./checks.ts";

interface ProbedStorages {
  readonly probed: number;
  readonly enabled: number;
  readonly denied: number;
  readonly problems: readonly string[];
}

/** @param probe asks the S3 servers of the enabled storages */
export function createStoragesCheck(probe: () => Promise<ProbedStorages>): Check {
  return {
    name: "storages",
    async run() {
      const { probed, enabled, denied, problems } = await probe();
      if (problems.length > 0)
        throw new Error(`${problems.length} of ${probed} cannot be used: ${problems.join("; ")}`);
      if (enabled === 0) return "none is enabled";
      const unseen =
        denied === 0
          ? ""
          : `; ${denied} let EOM neither list nor read, so prove whether it may write: POST /eom/admin/storages/<id>/verify`;
      return `${probed} of ${enabled} enabled were asked, and answer${unseen}`;
    },
  };
}

/** Checks that no webhook fails. Names webhooks by id, because the address of a receiver often has a secret in it. */
export function createWebhooksCheck(findFailing: () => Promise<Concerns>): Check {
  return {
    name: "webhooks",
    async run() {
      const { total, items } = await findFailing();
      if (total === 0) return "none fails";
      const failing = items.map(({ id, why }) => `${id}: ${why}`).join("; ");
      throw new Error(
        `${total} fail: ${failing}. Repair the receivers; POST /eom/admin/webhooks/<id>/redrive sends dead deliveries again.`,
      );
    },
  };
}
