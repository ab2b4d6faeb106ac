import type { IncomingMessage, ServerResponse } from "node:http";

/** The argument that Fission's Node environment passes to a function, as far as we use it: Express's request and response. */
export interface FissionContext {
  readonly request: FissionRequest;
  readonly response: ServerResponse;
}

/** Express has parsed `body`. It is undefined when no parser accepts the content type; the stream is then still unread. */
export type FissionRequest = IncomingMessage & { readonly body?: unknown; readonly app?: ExpressApp };

/** The environment's own Express application. */
export interface ExpressApp {
  set(name: string, value: unknown): unknown;
  use(
    handler: (error: unknown, request: FissionRequest, response: ServerResponse, next: unknown) => Promise<void>,
  ): unknown;
}

/** The answer that the environment sends. A missing status, a status below 100 or an undefined header would make it throw. */
export interface FissionAnswer {
  readonly status: number;
  readonly body?: Uint8Array;
  readonly headers: Readonly<Record<string, string | string[]>>;
}

/**
 * A function of Fission. It must declare exactly one parameter: the environment passes no context to a function that declares
 * none, and does not await the promise of a function that declares two (it expects a callback).
 */
export type FissionFunction = (context: FissionContext) => Promise<FissionAnswer>;
