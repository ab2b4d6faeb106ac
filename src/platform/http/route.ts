import type { DatabaseTransaction } from "../database/tables.ts";
import type { FailureCode } from "../failure.ts";
import type { KeyedRequest } from "../idempotency/claims.ts";
import type { Caller, RequiredRole } from "../resource/caller.ts";
import type { VersionCondition } from "../resource/entity-tag.ts";
import { z } from "../resource/schema.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/**
 * A route as data: the app validates with it, the OpenAPI document is made from it, and a client can be typed by it.
 * Paths name their parameters as the contract does: `/eom/admin/storages/{StorageId}`.
 */
export interface RouteSpec<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType | undefined = z.ZodType | undefined,
  Answers extends Readonly<Record<number, AnswerSpec>> = Readonly<Record<number, AnswerSpec>>,
> {
  readonly method: Method;
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly role: RequiredRole;
  readonly params: Params;
  /** The names in `filters` are also taken as `filter[name]`. */
  readonly query: Query;
  readonly filters?: readonly string[];
  readonly body?: Body;
  readonly answers: Answers;
  /** Those that this route adds to the ones that any route of its shape can answer with. */
  readonly failures: readonly FailureCode[];
  /**
   * The route honours `Idempotency-Key`. True: the app keeps the answer. `by_handler`: it wants a key, and its handler
   * keeps the answer by itself, with the effect.
   */
  readonly idempotent?: true | "by_handler";
  /** The object's version is in its entity tag, and `If-Match` is honoured. */
  readonly versioned?: boolean;
}

export interface AnswerSpec {
  readonly description: string;
  /** Null for an answer without a body. */
  readonly schema: z.ZodType | null;
  /** `application/json` when left out. */
  readonly mediaType?: string;
}

/** What a handler gets: parsed, with every default filled in. */
export interface RouteInput<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly caller: Caller;
  readonly requestId: string;
  readonly ifMatch: VersionCondition;
  /** Does nothing for a request without an Idempotency-Key. */
  readonly keepAnswer: KeepAnswer;
  /** Of a route that is idempotent by its handler, never null there: the key and its request, hashed. */
  readonly keyed: KeyedRequest | null;
  /** The whole request URL's path and query, for links to other pages. */
  readonly url: URL;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** Sent in place of `body`, byte for byte, with its own content type. */
  readonly text?: { readonly content: string; readonly type: string };
  /** Told as the entity tag. */
  readonly version?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Keeps the answer of a request with an Idempotency-Key for its replays: the last statement of the transaction that has
 * the effect.
 */
export type KeepAnswer = (tx: DatabaseTransaction, answer: Answer) => Promise<void>;

export interface Route {
  readonly spec: RouteSpec;
  // The parser that ran before has made the input what the spec says; only defineRoute, below, knows both sides.
  readonly handle: (input: RouteInput<never, never, never>) => Promise<Answer> | Answer;
}

/** Nothing may be given. */
const none = z.strictObject({});

/** A route's data as it is written down: a route without path or query parameters leaves `params` or `query` out. */
export type RouteDefinition<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType | undefined,
  Answers extends Readonly<Record<number, AnswerSpec>>,
> = Omit<RouteSpec<Params, Query, Body, Answers>, "params" | "query"> & {
  readonly params?: Params;
  readonly query?: Query;
};

/** Binds a route's data to its handler, whose input is typed by it. */
export function defineRoute<
  const Body extends z.ZodType | undefined,
  const Answers extends Readonly<Record<number, AnswerSpec>>,
  const Params extends z.ZodObject = typeof none,
  const Query extends z.ZodObject = typeof none,
>(
  definition: RouteDefinition<Params, Query, Body, Answers>,
  handle: (
    input: RouteInput<z.output<Params>, z.output<Query>, Body extends z.ZodType ? z.output<Body> : undefined>,
  ) => Promise<Answer> | Answer,
): Route {
  const spec = { params: none, query: none, ...definition };
  return { spec: spec as unknown as RouteSpec, handle: handle as Route["handle"] };
}
