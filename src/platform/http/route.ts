import type { DatabaseTransaction } from "../database/tables.ts";
import type { FailureCode } from "../failure.ts";
import type { KeyedRequest } from "../idempotency/claims.ts";
import type { Caller, RequiredRole } from "../resource/caller.ts";
import type { Cursors } from "../resource/cursors.ts";
import type { VersionCondition } from "../resource/entity-tag.ts";
import { z } from "../resource/schema.ts";
import type { Tag } from "./document/tags.ts";
import type { StaticFile } from "./static-file.ts";

/** Partial updates are PUT: an omitted field stays as it is. */
export type Method = "GET" | "POST" | "PUT" | "DELETE";

/**
 * A route as data: the app validates requests with it, and the OpenAPI document is made from it. Paths name their parameters
 * as the contract does: `/eom/admin/storages/{StorageId}`.
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
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  readonly role: RequiredRole;
  readonly params: Params;
  readonly query: Query;
  /** Names of query parameters that may also be written as `filter[name]`. */
  readonly filters?: readonly string[];
  readonly body?: Body;
  readonly answers: Answers;
  /** In addition to the failures that any route of its kind can answer with. */
  readonly failures: readonly FailureCode[];
  /**
   * The route accepts `Idempotency-Key`. True: the app keeps the answer. `by_handler`: the key is required, and the handler
   * itself keeps the answer, with the effect.
   */
  readonly idempotent?: true | "by_handler";
  /** The object's version is its entity tag, and a change checks `If-Match`. */
  readonly versioned?: boolean;
}

/** One answer of a route, for the OpenAPI document. */
export interface AnswerSpec {
  readonly description: string;
  /** Null for an answer without a body. */
  readonly schema: z.ZodType | null;
  /** `application/json` when left out. */
  readonly mediaType?: string;
}

/** The input of a handler: parsed, with every default filled in. */
export interface RouteInput<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly caller: Caller;
  readonly requestId: string;
  readonly ifMatch: VersionCondition;
  /** Does nothing for a request without an Idempotency-Key. */
  readonly keepAnswer: KeepAnswer;
  /** The key and its request, hashed. Null but for a route that is idempotent `by_handler`. */
  readonly keyed: KeyedRequest | null;
  /** The cursors of the list that the request names: they fit its path and no other. */
  readonly cursors: Cursors;
  /** The URL of the request, for links to other pages. */
  readonly url: URL;
  readonly signal: AbortSignal;
}

/** The answer of a handler; platform/http turns it into a response. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** Sent in place of `body`, byte for byte, with its own content type. */
  readonly text?: { readonly content: string; readonly type: string };
  /** Sent in place of `body`, in a form that the client accepts. */
  readonly file?: StaticFile;
  /** Sent as the entity tag. */
  readonly version?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Keeps the answer of a request with an Idempotency-Key for its replays. To be called last in the transaction that has the
 * effect.
 */
export type KeepAnswer = (tx: DatabaseTransaction, answer: Answer) => Promise<void>;

/** A route and its handler; made by {@link defineRoute}. */
export interface Route {
  readonly spec: RouteSpec;
  // The app parses the input as the spec says before it calls the handler; defineRoute's types join the two.
  readonly handle: (input: RouteInput<never, never, never>) => Promise<Answer> | Answer;
}

/** Accepts no parameter at all. */
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
