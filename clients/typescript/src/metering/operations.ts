import { type Body, type Expectation, isObject } from "../connection/classify.ts";
import { reservations, usage } from "../generated/operations.ts";
import type { Row } from "../row.ts";

/** The operations of metering that an order service needs. */
export type OperationName = "check" | "consume" | "adjust" | "reserve" | "commit" | "release" | "usage";

interface Operation {
  readonly row: Row;
  readonly expectation: Expectation;
}

/** All operations. An answer is accepted only if it is the operation's: other JSON must not count as allowed. */
export const operations: Readonly<Record<OperationName, Operation>> = {
  check: toOperation(usage.check, 200, isMetering),
  consume: toOperation(usage.consume, 200, isCounted),
  adjust: toOperation(usage.adjust, 200, isCounted),
  reserve: toOperation(reservations.create, 201, isReservation),
  commit: toOperation(reservations.commit, 200, isReservation),
  release: toOperation(reservations.release, 200, isReservation),
  usage: toOperation(usage.get, 200, isUserUsage),
};

function toOperation(row: Row, success: number, isOwn: (body: Body) => boolean): Operation {
  const isAnswer = (status: number, body: Body | null) => status === success && body !== null && isOwn(body);
  return { row, expectation: { isAnswer, isText: false } };
}

function isMetering(body: Body): boolean {
  return typeof body["allowed"] === "boolean" && Array.isArray(body["violations"]) && isObject(body["usage"]);
}

function isCounted(body: Body): boolean {
  return isMetering(body) && body["allowed"] === true;
}

function isReservation(body: Body): boolean {
  return typeof body["id"] === "string" && typeof body["state"] === "string" && isObject(body["amounts"]);
}

function isUserUsage(body: Body): boolean {
  return typeof body["user_id"] === "string" && isObject(body["usage"]);
}
