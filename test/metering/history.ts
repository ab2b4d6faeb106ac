import fc from "fast-check";
import type { Amounts } from "../../src/metering/amounts.ts";
import { type QuotaType, quotaTypes } from "../../src/quotas/quota-type.ts";
import type { MeteringRequest } from "../support/metering.ts";

/** An event of a history. `user`, `which` and `back` are indexes, modulo the number of users, reservations, requests. */
export type Command =
  | { readonly does: "consume" | "adjust" | "reserve"; readonly user: number; readonly amounts: Amounts }
  | { readonly does: "commit"; readonly which: number; readonly amounts: Amounts | null }
  | { readonly does: "release"; readonly which: number }
  /** The same key again, with the same request or with another request. */
  | { readonly does: "repeat" | "reuse"; readonly back: number }
  | { readonly does: "sweep" | "endMonth" }
  | { readonly does: "outlive"; readonly user: number }
  | { readonly does: "setExpired"; readonly user: number; readonly isExpired: boolean }
  | { readonly does: "setLimit"; readonly user: number; readonly type: QuotaType; readonly limit: number | null }
  | { readonly does: "takeAway" | "assign"; readonly user: number; readonly type: QuotaType };

const greatestLevel = Number.MAX_SAFE_INTEGER;
/** Mostly the same user, so that requests go together. */
const user = fc.constantFrom(0, 0, 0, 1);
const which = fc.nat();
const type = fc.constantFrom(...quotaTypes);

function amountsOf(amount: fc.Arbitrary<number>): fc.Arbitrary<Amounts> {
  return fc.oneof(
    fc.record({ MaxOrderTimes: amount }),
    fc.record({ MaxSize: amount }),
    fc.record({ MaxOrderTimes: amount, MaxSize: amount }),
  );
}

const signed = amountsOf(
  fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: -15, max: 20 }) },
    { weight: 1, arbitrary: fc.constantFrom(greatestLevel, -greatestLevel) },
  ),
);
const positive = amountsOf(
  fc.oneof(
    { weight: 15, arbitrary: fc.integer({ min: 1, max: 12 }) },
    { weight: 1, arbitrary: fc.constant(greatestLevel) },
  ),
);
const limit = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 60 }) },
  { weight: 1, arbitrary: fc.constantFrom(null, greatestLevel) },
);

const does = <const Name extends string>(...names: Name[]) => fc.constantFrom(...names);

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ does: does("consume"), user, amounts: signed }) },
  { weight: 2, arbitrary: fc.record({ does: does("adjust"), user, amounts: signed }) },
  { weight: 8, arbitrary: fc.record({ does: does("reserve"), user, amounts: positive }) },
  { weight: 4, arbitrary: fc.record({ does: does("commit"), which, amounts: fc.option(positive, { freq: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ does: does("release"), which }) },
  { weight: 5, arbitrary: fc.record({ does: does("repeat", "repeat", "reuse"), back: which }) },
  { weight: 3, arbitrary: fc.record({ does: does("sweep", "endMonth", "endMonth") }) },
  { weight: 3, arbitrary: fc.record({ does: does("outlive"), user }) },
  { weight: 1, arbitrary: fc.record({ does: does("setExpired"), user, isExpired: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ does: does("setLimit"), user, type, limit }) },
  { weight: 2, arbitrary: fc.record({ does: does("takeAway", "assign", "assign"), user, type }) },
);

/** Rounds; the commands of a round run at the same time. */
export const history = fc.array(fc.array(command, { minLength: 6, maxLength: 16 }), { minLength: 5, maxLength: 8 });

/** Another request with the same key; null if it cannot differ. */
export function toOther(request: MeteringRequest): MeteringRequest | null {
  if (!("amounts" in request)) return null;
  return { ...request, amounts: { MaxOrderTimes: (request.amounts?.MaxOrderTimes ?? 0) === 1 ? 2 : 1 } };
}
