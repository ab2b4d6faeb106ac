import type { IncomingMessage, ServerResponse } from "node:http";
import type { createFakeRuns } from "./fake-runs.ts";

export interface FakeCall {
  readonly operation: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface FakeReply {
  readonly status: number;
  readonly body: unknown;
}

/** Answers instead of the fake, or not at all. `handle` executes the request and returns the right answer. */
export type Misbehaviour = (exchange: {
  readonly call: FakeCall;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly runs: ReturnType<typeof createFakeRuns>;
  handle(): Promise<FakeReply>;
}) => void | Promise<void>;

export function sendReply(response: ServerResponse, { status, body }: FakeReply): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** Never answers. */
export const hang: Misbehaviour = () => {};

/** Cuts the connection without executing the request. */
export const reset: Misbehaviour = ({ request }) => {
  request.socket.resetAndDestroy();
};

/** Executes the request, and cuts the connection before the answer. */
export const loseAnswer: Misbehaviour = async ({ request, handle }) => {
  await handle();
  request.socket.resetAndDestroy();
};

/** Executes the request twice, as behind a proxy that repeats it, and answers with the second run. */
export const repeatRequest: Misbehaviour = async ({ response, handle }) => {
  await handle();
  await sendReply(response, await handle());
};

/** Records the run, and dies before it submits it. */
export const dieInLaunch: Misbehaviour = async ({ request, runs, handle }) => {
  await handle();
  const run = [...runs.runs.values()].at(-1);
  if (run !== undefined) Object.assign(run, { status: "NOT_STARTED", creationTime: 0 });
  request.socket.resetAndDestroy();
};

/** Executes the request, and a proxy times out first. */
export const loseAnswerAtProxy: Misbehaviour = async ({ response, handle }) => {
  await handle();
  response.writeHead(504, { "content-type": "text/html" }).end("<html>504 Gateway Time-out</html>");
};

/** Executes the request, and deletes the run. */
export const deleteRun: Misbehaviour = async ({ response, runs, handle }) => {
  const before = new Set(runs.runs.keys());
  const reply = await handle();
  for (const id of runs.runs.keys()) if (!before.has(id)) runs.runs.delete(id);
  sendReply(response, reply);
};

/** Executes and answers only after `release` is called, also if the client has gone. */
export function hold(): { readonly misbehaviour: Misbehaviour; release(): void; readonly done: Promise<void> } {
  const gate = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  return {
    misbehaviour: async ({ response, handle }) => {
      await gate.promise;
      sendReply(response, await handle());
      done.resolve();
    },
    release: gate.resolve,
    done: done.promise,
  };
}

/** Answers with a fixed response, without executing the request. */
export function answer(status: number, body: unknown, headers: Record<string, string> = {}): Misbehaviour {
  return ({ response }) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(status, {
      "content-type": typeof body === "string" ? "text/plain" : "application/json",
      ...headers,
    });
    response.end(text);
  };
}

export const loginRedirect = answer(302, "", { location: "https://login.example/?next=secret" });
export const loginPage = answer(200, "<!doctype html><title>Sign in</title>", {
  "content-type": "text/html; charset=utf-8",
});

/** The answer of a Dagster whose schema differs: nothing is executed. */
export const schemaError = answer(400, {
  data: null,
  errors: [
    {
      message: "Cannot query field 'stack' on type 'PipelineConfigValidationError'.",
      locations: [{ line: 1, column: 1 }],
    },
  ],
});

const launcherFault = {
  __typename: "PythonError",
  message: "dagster._core.errors.DagsterLaunchFailedError: Error during RPC setup for executing run: no cluster\n",
  className: "DagsterLaunchFailedError",
  errorChain: [],
};

/** A complete answer that reports an exception at a launch. `with a run`: the run was created, and failed or was never submitted. */
export function launchException(
  how: "with a run" | "with a run that was not submitted" | "without a run",
  status = 500,
): Misbehaviour {
  return async ({ response, runs, handle }) => {
    if (how !== "without a run") {
      await handle();
      const run = [...runs.runs.values()].at(-1);
      if (run !== undefined) runs.set(run, how === "with a run" ? "FAILURE" : "NOT_STARTED");
    }
    sendReply(response, { status, body: { data: { launchRun: launcherFault } } });
  };
}

/** Answers with a member of the union of a root field, such as `launchRun`. */
export function member(
  field: string,
  value: { readonly __typename: string; readonly [key: string]: unknown },
): Misbehaviour {
  return answer(200, { data: { [field]: value } });
}

/** An error page that repeats the request's headers. */
export function echo(status: number): Misbehaviour {
  return ({ response, request }) => {
    const message = `cannot handle ${JSON.stringify(request.headers)}`;
    sendReply(response, { status, body: { data: null, errors: [{ message }] } });
  };
}
