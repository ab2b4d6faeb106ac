import { createEomClient, type EomClient } from "../../../clients/typescript/src/client.ts";
import { testTimeout } from "../time-limits.ts";

/**
 * The client of an app that has no socket: suites that test no raw HTTP call EOM as its users do. A call is one attempt, so that a
 * failing answer fails the test.
 */
export function createAppClient(
  fetch: (path: string, init?: RequestInit) => Promise<Response>,
  token: string,
): EomClient {
  const baseUrl = "http://eom.test";
  return createEomClient({
    baseUrl,
    token,
    attempts: 1,
    timeoutMilliseconds: testTimeout,
    deadlineMilliseconds: testTimeout,
    fetch: (input, init) => fetch(String(input).slice(baseUrl.length), init),
  });
}
