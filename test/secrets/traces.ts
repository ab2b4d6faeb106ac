import { inspect } from "node:util";
import { expect } from "vitest";
import { createLogger } from "../../src/platform/log.ts";

/** Fails when `error` holds one of `secrets` anywhere: in causes, stacks, hidden fields or text forms. */
export function expectNoTrace(error: unknown, secrets: readonly string[]): void {
  const texts = [
    inspect(error, { showHidden: true, depth: Number.POSITIVE_INFINITY, maxStringLength: null, getters: true }),
    JSON.stringify(error),
    String(error),
    writeLogLine(error),
  ];
  for (const secret of secrets) {
    // Not by toContain: a failing test must not print the secret.
    const isShown = texts.some((text) => text.includes(secret) || text.includes(toJsonText(secret)));
    expect(isShown, "the error holds a secret").toBe(false);
  }
}

/** The error of a call that must fail. */
export async function catchError(call: Promise<unknown>): Promise<unknown> {
  const outcome = await call.then(
    () => ({ error: null }),
    (error: unknown) => ({ error }),
  );
  expect(outcome.error, "the call did not fail").not.toBeNull();
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
