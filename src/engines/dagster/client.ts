import type { z } from "zod";
import type { Breaker } from "./breaker.ts";
import type { Connection } from "./connection.ts";
import { DagsterFault } from "./fault.ts";
import { parseAnswer } from "./parse-answer.ts";
import { toLine } from "./words.ts";

/** How a call ended. A label of the metric `eom_engine_calls_total`. */
export type CallResult = "answered" | DagsterFault["kind"];

/** One GraphQL request and the schema of its answer. */
export interface Call<Schema extends z.ZodType> {
  /** As the document names it; a label of the metrics. */
  readonly operation: string;
  readonly document: string;
  readonly variables?: Record<string, unknown>;
  readonly answer: Schema;
  /** Default 10. */
  readonly timeoutSeconds?: number;
  /** Default {@link defaultAnswerBytes}. */
  readonly maxAnswerBytes?: number;
  /** Asks even while the breaker is open: a check must find out what is wrong. */
  readonly always?: boolean;
}

/** Asks one Dagster. */
export interface DagsterClient {
  /** @throws DagsterFault and nothing else; at once while the breaker is open */
  ask<Schema extends z.ZodType>(call: Call<Schema>): Promise<z.output<Schema>>;
}

interface ClientNeeds {
  readonly connection: Connection;
  readonly breaker: Breaker;
  readonly monotonic: () => number;
  readonly onCall: (operation: string, result: CallResult, seconds: number) => void;
  /** Upper limit for the time-out of every call. */
  readonly maxCallSeconds: number;
}

const defaultSeconds = 10;

/**
 * An answer about 250 runs has 50 KB, a look-up of 20 attempts with 100 runs each 400 KB. The rest is for exceptions: Dagster
 * repeats the words of each with its causes.
 */
export const defaultAnswerBytes = 1024 * 1024;

/** Creates a client that parses answers, reports every call, and tells the breaker about answers and faults. */
export function createClient({ connection, breaker, monotonic, onCall, maxCallSeconds }: ClientNeeds): DagsterClient {
  async function send<Schema extends z.ZodType>(call: Call<Schema>): Promise<z.output<Schema>> {
    const { operation, document, variables = {}, answer, maxAnswerBytes = defaultAnswerBytes } = call;
    const timeoutSeconds = Math.min(call.timeoutSeconds ?? defaultSeconds, maxCallSeconds);
    const data = await connection.ask({ operation, document, variables, timeoutSeconds, maxAnswerBytes });
    return parseAnswer(operation, answer, data);
  }

  return {
    async ask(call) {
      if (call.always !== true && breaker.isOpen()) throw toResting();
      const begunAt = monotonic();
      const note = (result: CallResult) => onCall(call.operation, result, (monotonic() - begunAt) / 1000);
      try {
        const answer = await send(call);
        breaker.noteAnswer();
        note("answered");
        return answer;
      } catch (error) {
        if (!(error instanceof DagsterFault)) throw error;
        if (error.kind !== "closed") breaker.noteFault(error.kind === "unauthorized");
        note(error.kind);
        throw error;
      }
    },
  };
}

/** The fault of an answer that denies this one operation. Others may be allowed, so the connection is not at fault. */
export function toUnauthorized(words: string): DagsterFault {
  return new DagsterFault("unauthorized", `Dagster does not allow EOM to do this: ${toLine(words)}`);
}

function toResting(): DagsterFault {
  return new DagsterFault(
    "resting",
    "Dagster did not answer several times in a row; EOM pauses its requests for up to two minutes",
  );
}

/** The fault of a complete answer that reports an exception in Dagster. The connection is not at fault. */
export function toException(words: string): DagsterFault {
  return new DagsterFault("failing", `Dagster raised an exception: ${toLine(words)}`);
}
