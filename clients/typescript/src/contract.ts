import type { z } from "zod";
import type { meteringSpecs } from "../../../src/metering/routes.ts";

/*
 * The bodies and answers of metering, derived from the routes that serve them. build.ts writes these types out
 * for the published declarations, so that a user of the client needs neither zod nor the server. For that, each type is
 * exported, has no type parameters, and depends on the routes alone.
 */

type Routes = typeof meteringSpecs;

type BodyOf<Name extends keyof Routes> = Routes[Name] extends { readonly body: infer Body extends z.ZodType }
  ? z.input<Body>
  : never;

/** The answer of an operation's only success. */
type AnswerOf<Name extends keyof Routes> =
  Routes[Name]["answers"] extends Readonly<Record<number, { readonly schema: infer Schema extends z.ZodType }>>
    ? z.output<Schema>
    : never;

/** The body of `check`. */
export type CheckUsage = BodyOf<"check">;
/** The body of `consume`; negative amounts give back. */
export type ConsumeUsage = BodyOf<"consume">;
/** The body of `adjust`; negative amounts give back. */
export type AdjustUsage = BodyOf<"adjust">;
/** The body of `reserve`; `ttl_seconds` is 900 by default. */
export type ReserveUsage = BodyOf<"reserve">;
/** The body of `commit`; without amounts, all that was reserved. */
export type CommitReservation = BodyOf<"commit">;

/** The answer to `check`, `consume` and `adjust`. */
export type Metering = AnswerOf<"check" | "consume" | "adjust">;
/** The answer to `reserve`, `commit` and `release`. */
export type Reservation = AnswerOf<"reserve" | "commit" | "release">;
/** The answer to `usage`. */
export type UserUsage = AnswerOf<"usage">;
/** Why one type of a call is denied. */
export type Violation = AnswerOf<"check">["violations"][number];
