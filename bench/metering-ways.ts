import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { Registry } from "prom-client";
import { admit } from "../src/metering/admission/admit.ts";
import { createMeteringMetrics } from "../src/metering/metrics.ts";
import { createMeteringService } from "../src/metering/service.ts";
import type { OpenDatabase } from "../src/platform/database/open.ts";
import { type } from "./fill-quotas.ts";

/** Counts one order of this user. */
export type Consume = (userId: string) => Promise<unknown>;

const policy = { allowsWithoutQuota: false, warningPercent: 80 };

/** As EOM does: those that arrive while a statement is in flight go together. */
export function createGrouped({ db }: OpenDatabase): { consume: Consume; check: Consume } {
  const metrics = createMeteringMetrics(new Registry());
  const service = createMeteringService({ db, policy, metrics, lanes: 2, maxWaiting: 100_000 });
  const call = (userId: string) => ({
    userId,
    actor: { subject: "bench", onBehalfOf: null, requestId: null },
    keyed: { keyHash: randomBytes(32), requestHash: randomBytes(32) },
  });
  return {
    consume: (userId) => service.count("consume", call(userId), { [type]: 1 }),
    check: (userId) => service.check(userId, { [type]: 1 }),
  };
}

/** The same statement for each request by itself: what grouping gains. */
export function createSingle({ db }: OpenDatabase): Consume {
  return (userId) => {
    const hashes = { key_hash: randomBytes(32).toString("hex"), request_hash: randomBytes(32).toString("hex") };
    const request = { user_id: userId, kind: "consume" as const, amounts: { [type]: 1 }, created_by: "bench" };
    return admit(db, [{ ...request, ...hashes, reservation: null }], policy);
  };
}

/** The naive first version: lock, look, count, note, commit. Without keys, periods, reservations or events. */
export function createNaive(url: string, connections: number) {
  const client = postgres(url, { max: connections, onnotice: () => {} });
  const consume: Consume = (userId) =>
    client.begin(async (tx) => {
      const [row] = await tx`
        select u.used, u.reserved, q.value, u.quota_id, u.period_start from eom_user_quota as u
        join eom_quota as q on q.id = u.quota_id where u.user_id = ${userId} and u.type = ${type} for update of u`;
      if (row === undefined) throw new Error(`${userId} has no quota`);
      if (row["value"] !== null && Number(row["used"]) + Number(row["reserved"]) + 1 > Number(row["value"])) return;
      await tx`update eom_user_quota set used = used + 1 where user_id = ${userId} and type = ${type}`;
      await tx`insert into eom_quota_ledger
          (id, created, user_id, type, quota_id, kind, amount, held, period_start, created_by)
        values (gen_random_uuid(), now(), ${userId}, ${type}, ${row["quota_id"]}, 'consume', 1, 0, ${row["period_start"]}, 'bench')`;
    });
  return { consume, close: () => client.end() };
}
