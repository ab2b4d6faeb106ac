import { afterEach, beforeEach, expect, test } from "vitest";
import { createOidcAuthenticator } from "../../src/access/oidc.ts";
import { createRoleNames } from "../../src/access/roles.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createTestLog } from "../scheduler/world.ts";
import { audience, type OidcIssuer, startOidcIssuer } from "../support/oidc-issuer.ts";

let issuer: OidcIssuer;
let milliseconds: number;
let ask: (token: string) => Promise<string>;
beforeEach(async () => {
  issuer = await startOidcIssuer();
  milliseconds = 0;
  const authenticator = createOidcAuthenticator({
    issuer: issuer.url,
    audience,
    rolesClaim: "scope",
    subjectClaim: "sub",
    roles: createRoleNames({}),
    log: createTestLog().log,
    clock: systemClock,
    monotonic: () => milliseconds,
  });
  ask = (token) =>
    authenticator.authenticate(new Headers({ authorization: `Bearer ${token}` }), null).then(
      (caller) => caller?.subject ?? "nobody",
      ({ code }) => code,
    );
});
afterEach(() => issuer.stop());

const pass = (seconds: number) => {
  milliseconds += seconds * 1000;
};

/** Answers every request with an error from now on. @returns how many requests came since */
function goAway(): () => number {
  let asked = 0;
  issuer.answer((_, response) => {
    asked += 1;
    response.writeHead(502).end();
  });
  return () => asked;
}

test("a new key of the issuer is accepted after half a minute at most", async () => {
  const before = await issuer.sign({ sub: "before" });
  expect(await ask(before)).toBe("before");
  await issuer.rotate();
  const after = await issuer.sign({ sub: "after" });
  expect(await ask(after)).toBe("UNAUTHENTICATED");
  pass(30);
  expect(await ask(after)).toBe("after");
  expect(await ask(before)).toBe("UNAUTHENTICATED");
});

test("a withdrawn key is accepted for ten minutes at most", async () => {
  const token = await issuer.sign({});
  expect(await ask(token)).toBe("ada");
  await issuer.rotate();
  pass(599);
  expect(await ask(token)).toBe("ada");
  pass(1);
  expect(await ask(token)).toBe("UNAUTHENTICATED");
});

test("while the provider is away its last keys stay in use, and it is asked every half minute", async () => {
  const token = await issuer.sign({});
  expect(await ask(token)).toBe("ada");
  const countAsked = goAway();
  for (let minutes = 0; minutes < 120; minutes += 10) {
    pass(600);
    for (let request = 0; request < 3; request += 1) expect(await ask(token)).toBe("ada");
  }
  expect(countAsked()).toBe(12);
  expect(await ask(await issuer.sign({}, { kid: "new" }))).toBe("IDENTITY_PROVIDER_UNAVAILABLE");
  expect(countAsked()).toBe(12);
  issuer.answer(null);
  await issuer.rotate();
  pass(30);
  expect(await ask(await issuer.sign({ sub: "after" }))).toBe("after");
  expect(await ask(token)).toBe("UNAUTHENTICATED");
});

test("a provider that was away at the first token is asked again after five seconds", async () => {
  const countAsked = goAway();
  const token = await issuer.sign({});
  for (let request = 0; request < 3; request += 1) expect(await ask(token)).toBe("IDENTITY_PROVIDER_UNAVAILABLE");
  expect(countAsked()).toBe(1);
  issuer.answer(null);
  expect(await ask(token)).toBe("IDENTITY_PROVIDER_UNAVAILABLE");
  pass(5);
  expect(await ask(token)).toBe("ada");
});
