import type { z } from "zod";
import type { Breaker } from "./breaker.ts";
import type { Connection } from "./connection.ts";
import { DagsterFault } from "./fault.ts";
import { parseAnswer } from "./parse-answer.ts";
import { toLine } from "./words.ts";

/** How a call ended, for a metric's label. */
export type CallResult = "answered" | DagsterFault["kind"];

export interface Call<Schema extends z.ZodType> {
  readonly operation: string;
  readonly document: string;
  readonly variables?: Record<string, unknown>;
  readonly answer: Schema;
  /** 10, unless given. */
  readonly timeoutSeconds?: number;
  /** Asks even while the connection is left alone: somebody wants to know what is wrong with it. */
  readonly always?: boolean;
}

export interface DagsterClient {
  /**
   * @throws DagsterFault alone: at once while the connection is left alone
   */
  ask<Schema extends z.ZodType>(call: Call<Schema>): Promise<z.output<Schema>>;
}

interface ClientNeeds {
  readonly connection: Connection;
  readonly breaker: Breaker;
  readonly monotonic: () => number;
  readonly onCall: (operation: string, result: CallResult, seconds: number) => void;
  readonly mostSeconds: number;
}

/** Asks Dagster, reads what it says, and keeps account of how the connection does. */
export function createClient({ connection, breaker, monotonic, onCall, mostSeconds }: ClientNeeds): DagsterClient {
  async function send<Schema extends z.ZodType>(call: Call<Schema>): Promise<z.output<Schema>> {
    const { operation, document, variables = {}, answer } = call;
    const timeoutSeconds = Math.min(call.timeoutSeconds ?? 10, mostSeconds);
    const data = await connection.ask({ operation, document, variables, timeoutSeconds });
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

/** Of an answer that says that EOM may not do this. It may be allowed to do all else: the connection is not at fault. */
export function toUnauthorized(words: string): DagsterFault {
  return new DagsterFault("unauthorized", `Dagster does not allow EOM to do this: ${toLine(words)}`);
}

function toResting(): DagsterFault {
  return new DagsterFault(
    "resting",
    "Dagster did not answer the last times that it was asked, and is left alone for a while",
  );
}

/** The fault of a whole answer that tells of an exception in Dagster. The connection is not at fault. */
export function toException(words: string): DagsterFault {
  return new DagsterFault("failing", `Dagster failed at it: ${toLine(words)}`);
}
