import { Registry } from "prom-client";
import { createMeteringMetrics } from "../../src/metering/metrics.ts";
import { createMeteringService, type MeteringService } from "../../src/metering/service.ts";
import type { Amounts } from "../../src/metering/amounts.ts";
import type { Database } from "../../src/platform/database/tables.ts";
import { Failure } from "../../src/platform/failure.ts";
import { toKeyedRequest } from "../../src/platform/idempotency/answers.ts";

export const policy = { allowsWithoutQuota: false, warningPercent: 80 };

/** As one process has it: what waits in its lanes is known to no other. */
export function createTestMetering(db: Database, lanes: number): MeteringService {
  const metrics = createMeteringMetrics(new Registry());
  return createMeteringService({ db, policy, metrics, lanes, maxWaiting: 5000 });
}

/** A call of metering with its key, as a client makes it, again and again if it must. */
export type MeteringRequest = { readonly userId: string; readonly key: string } & (
  | { readonly kind: "consume" | "adjust" | "reserve"; readonly amounts: Amounts }
  | { readonly kind: "commit"; readonly id: string; readonly amounts: Amounts | null }
  | { readonly kind: "release"; readonly id: string }
);

/** All that a client is told, but for whether it is told again. */
export type Told =
  | { readonly body: object }
  | {
      readonly failure: {
        readonly code: string;
        readonly message: string;
        readonly details: unknown;
        readonly retryAfterSeconds: number | null;
      };
    };

export interface Answer {
  readonly told: Told;
  readonly isReplay: boolean;
}

/** @throws whatever is no failure that clients are told */
export async function askMetering(service: MeteringService, request: MeteringRequest): Promise<Answer> {
  try {
    const { body, isReplay } = await send(service, request);
    return { told: { body }, isReplay };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message, details, retryAfterSeconds } = error;
    return { told: { failure: { code, message, details, retryAfterSeconds } }, isReplay: false };
  }
}

function send(service: MeteringService, request: MeteringRequest) {
  const call = { userId: request.userId, subject: "client", keyed: toKeyed(request) };
  switch (request.kind) {
    case "consume":
    case "adjust":
      return service.count(request.kind, call, request.amounts);
    case "reserve":
      return service.reserve(call, request.amounts, 900);
    case "commit":
      return service.close("committed", call, request.id, request.amounts);
    case "release":
      return service.close("released", call, request.id, null);
  }
}

/** The scope of the key is as that of the routes: whose usage, which call, which reservation. */
export function toKeyed(request: MeteringRequest) {
  const path = `/users/${request.userId}/${request.kind}${"id" in request ? `/${request.id}` : ""}`;
  const input = "amounts" in request ? request.amounts : null;
  return toKeyedRequest(request.key, { principal: "client", method: "POST", path, input });
}

export function isAdmitted({ told }: Answer): boolean {
  if ("body" in told) return true;
  if (told.failure.code !== "QUOTA_EXCEEDED") throw new Error(`refused for another reason: ${told.failure.message}`);
  return false;
}
