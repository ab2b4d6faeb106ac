import type { IncomingMessage, ServerResponse } from "node:http";

/** What Fission's Node environment hands to a function, as far as we use it: Express's objects. */
export interface FissionContext {
  readonly request: FissionRequest;
  readonly response: ServerResponse;
}

/** Its `body` was parsed by Express: undefined where none of its parsers took the content type, and then still unread. */
export type FissionRequest = IncomingMessage & { readonly body?: unknown; readonly app?: ExpressApp };

/** The environment's own Express application. */
export interface ExpressApp {
  set(name: string, value: unknown): unknown;
  use(
    handler: (error: unknown, request: FissionRequest, response: ServerResponse, next: unknown) => Promise<void>,
  ): unknown;
}

/** What the environment sends. A status that is missing or below 100, or a header that is undefined, would harm it. */
export interface FissionAnswer {
  readonly status: number;
  readonly body?: Uint8Array;
  readonly headers: Readonly<Record<string, string | string[]>>;
}

/** Has exactly one parameter: with none it is called without its context, with two as callback style, whose promise nobody awaits. */
export type FissionFunction = (context: FissionContext) => Promise<FissionAnswer>;
