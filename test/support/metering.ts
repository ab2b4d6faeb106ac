import { Registry } from "prom-client";
import type { Amounts } from "../../src/metering/amounts.ts";
import { createMeteringMetrics } from "../../src/metering/metrics.ts";
import { createMeteringService, type MeteringService } from "../../src/metering/service.ts";
import type { Database } from "../../src/platform/database/tables.ts";
import { Failure } from "../../src/platform/failure.ts";
import { toKeyedRequest } from "../../src/platform/idempotency/answers.ts";

export const policy = { allowsWithoutQuota: false, warningPercent: 80 };

/** Metering with the lanes of one process. */
export function createTestMetering(db: Database, lanes: number): MeteringService {
  const metrics = createMeteringMetrics(new Registry());
  return createMeteringService({ db, policy, metrics, lanes, maxWaiting: 5000 });
}

/** A call of metering with its key, as a client sends it, once or several times. */
export type MeteringRequest = { readonly userId: string; readonly key: string } & (
  | { readonly kind: "consume" | "adjust" | "reserve"; readonly amounts: Amounts }
  | { readonly kind: "commit"; readonly id: string; readonly amounts: Amounts | null }
  | { readonly kind: "release"; readonly id: string }
);

/** An answer to a client, without whether it is a replay. */
export type Reply =
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
  readonly reply: Reply;
  readonly isReplay: boolean;
}

/** Sends the request. @throws any error that is not a failure of the API */
export async function askMetering(service: MeteringService, request: MeteringRequest): Promise<Answer> {
  try {
    const { body, isReplay } = await send(service, request);
    return { reply: { body }, isReplay };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message, details, retryAfterSeconds } = error;
    return { reply: { failure: { code, message, details, retryAfterSeconds } }, isReplay: false };
  }
}

function send(service: MeteringService, request: MeteringRequest) {
  const actor = { subject: "client", onBehalfOf: null, requestId: null };
  const call = { userId: request.userId, actor, keyed: toKeyed(request) };
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

/** The key's scope is that of the routes: the user, the call, the reservation. */
export function toKeyed(request: MeteringRequest) {
  const path = `/users/${request.userId}/${request.kind}${"id" in request ? `/${request.id}` : ""}`;
  const input = "amounts" in request ? request.amounts : null;
  return toKeyedRequest(request.key, { principal: "client", method: "POST", path, params: {}, input });
}

export function isAdmitted({ reply }: Answer): boolean {
  if ("body" in reply) return true;
  if (reply.failure.code !== "QUOTA_EXCEEDED") throw new Error(`refused for another reason: ${reply.failure.message}`);
  return false;
}
