import { inspect } from "node:util";
import { expect } from "vitest";
import { createLogger } from "../../src/platform/log.ts";

/** Fails when one of `secrets` can be found anywhere in what was thrown: causes, stacks, hidden fields, text forms. */
export function expectNoTrace(error: unknown, secrets: readonly string[]): void {
  const texts = [
    inspect(error, { showHidden: true, depth: Number.POSITIVE_INFINITY, maxStringLength: null, getters: true }),
    JSON.stringify(error),
    String(error),
    writeLogLine(error),
  ];
  for (const secret of secrets) {
    // Not by toContain: a failing test must not print what it looks for.
    const isFound = texts.some((text) => text.includes(secret) || text.includes(toJsonText(secret)));
    expect(isFound, "a secret was found in what was thrown").toBe(false);
  }
}

/** What `call` throws; fails when it does not. */
export async function catchError(call: Promise<unknown>): Promise<unknown> {
  const outcome = await call.then(
    () => ({ error: null }),
    (error: unknown) => ({ error }),
  );
  expect(outcome.error, "nothing was thrown").not.toBeNull();
  return outcome.error;
}

function toJsonText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function writeLogLine(error: unknown): string {
  const lines: string[] = [];
  createLogger({ level: "debug", format: "json" }, { write: (line) => lines.push(line) }).error({ err: error });
  return lines.join("");
}
