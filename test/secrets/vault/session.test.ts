import { expect, test } from "vitest";
import { systemMonotonic } from "../../../src/platform/clock.ts";
import { VaultFault } from "../../../src/secrets/vault/fault.ts";
import { createVaultSession } from "../../../src/secrets/vault/session.ts";

const never = new Promise<never>(() => {});
const denied = { status: 403, errors: ["permission denied"], warnings: [], body: {}, summary: "GET a: 403" };

test.each([
  ["a login does not end", () => never, () => Promise.resolve(denied)],
  ["a second login does not end", () => Promise.resolve("t"), () => Promise.resolve(denied)],
  ["a request does not end", () => Promise.resolve("t"), () => never],
  [
    "a fault comes back again and again",
    () => Promise.resolve("t"),
    () => Promise.reject(new VaultFault("failing", "GET a: 500")),
  ],
])("a request ends at its limit, with a reason, when %s", async (_, get, send) => {
  const session = createVaultSession({
    client: { send, close: async () => {} },
    tokens: { get, replace: () => never, finish: async () => {} },
    monotonic: systemMonotonic,
    patienceMilliseconds: Number.POSITIVE_INFINITY,
    limitMilliseconds: 50,
  });
  await expect(session.send({ method: "GET", path: "a" })).rejects.toThrow(
    "GET a: no answer within 0.05 s, with logins and retries",
  );
});
