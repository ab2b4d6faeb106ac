import type { z } from "zod";
import type { meteringSpecs } from "../metering/routes.ts";

/*
 * The bodies and answers of metering, derived from the routes that serve them. scripts/build-client.ts writes these types out
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

export type CheckUsage = BodyOf<"check">;
export type ConsumeUsage = BodyOf<"consume">;
export type AdjustUsage = BodyOf<"adjust">;
export type ReserveUsage = BodyOf<"reserve">;
export type CommitReservation = BodyOf<"commit">;

export type Metering = AnswerOf<"check" | "consume" | "adjust">;
export type Reservation = AnswerOf<"reserve" | "commit" | "release">;
export type UserUsage = AnswerOf<"usage">;
export type Violation = AnswerOf<"check">["violations"][number];
