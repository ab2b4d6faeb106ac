import { createHmac, type webcrypto } from "node:crypto";
import { exportSPKI, importJWK } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { audience, type OidcIssuer, startOidcIssuer } from "../support/oidc-issuer.ts";

let issuer: OidcIssuer;
let app: TestApp;
beforeAll(async () => {
  issuer = await startOidcIssuer();
  app = await open();
});
afterEach(() => issuer.answer(null));
afterAll(async () => {
  await app.close();
  await issuer.stop();
});

function open(more: Record<string, string> = {}): Promise<TestApp> {
  return createTestApp("postgres", {
    EOM_AUTH: "oidc",
    EOM_OIDC_ISSUER: issuer.url,
    EOM_OIDC_AUDIENCE: audience,
    EOM_OIDC_ROLES_CLAIM: "scope",
    EOM_AUTH_FAILURES: "0",
    ...more,
  });
}

async function askAs(token: string, asked: TestApp = app) {
  const headers = { authorization: `Bearer ${token}` };
  return asked.request("GET", "/eom/admin/me", undefined, { role: null, headers });
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);

test("a token of the identity provider is accepted with the highest of its roles", async () => {
  const { status, body } = await askAs(await issuer.askForToken(["viewer", "operator"]));
  expect(status).toBe(200);
  expect(body).toMatchObject({ subject: "orders", role: "operator", authentication: "oidc" });
});

test("guesses of EOM tokens from a proxy's address lock out no caller of the identity provider", async () => {
  const behind = await open({ EOM_AUTH_FAILURES: "3" });
  const env = { incoming: { socket: { remoteAddress: "10.0.0.1" } } };
  const ask = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await behind.program.app.request("/eom/admin/me", { headers }, env)).status;
  };
  const guesses = await Promise.all(Array.from({ length: 5 }, (_, turn) => ask(`eom_guess${turn}`)));
  expect(guesses.filter((status) => status === 401).length).toBeGreaterThan(0);
  expect(await ask("eom_guess")).toBe(429);
  // Each token is new, as after a refresh.
  for (let turn = 0; turn < 5; turn += 1)
    expect(await ask(await issuer.sign({ jti: `forged ${turn}` }, { kid: "x" }))).toBe(401);
  for (let turn = 0; turn < 5; turn += 1) expect(await ask(await issuer.sign({ jti: `refreshed ${turn}` }))).toBe(200);
  await behind.close();
});

test("a token without a role is 403, not 401", async () => {
  const { status, body } = await askAs(await issuer.askForToken(["nothing"]));
  expect(status).toBe(403);
  expect(body).toMatchObject({ error_code: "FORBIDDEN", details: { required_role: "viewer" } });
});

test("EOM's own tokens work too, for automation", async () => {
  expect((await app.request("GET", "/eom/admin/me", undefined, { role: "viewer" })).body).toMatchObject({
    role: "viewer",
    authentication: "token",
  });
});

describe("roles and names come from the claims that are configured", () => {
  test.each([
    [{ realm_access: { roles: ["platform-admins", "x"] } }, "admin"],
    [{ realm_access: { roles: "viewer meter" } }, "meter"],
    [{ realm_access: { roles: { admin: true } } }, null],
    [{ realm_access: null }, null],
    [{ realm_access: { roles: [["admin"], 7] } }, null],
  ])("%j", async (claims, role) => {
    const mapped = await open({
      EOM_OIDC_ROLES_CLAIM: "realm_access.roles",
      EOM_OIDC_SUBJECT_CLAIM: "preferred_username",
      EOM_ROLES: '{"platform-admins": "admin"}',
    });
    const { status, body } = await askAs(await issuer.sign({ ...claims, preferred_username: "Ada L." }), mapped);
    await mapped.close();
    if (role === null) expect(status).toBe(403);
    else expect(body).toMatchObject({ subject: "Ada L.", role });
  });
});

describe("refused without a reason: a token", () => {
  test.each<[string, () => Promise<string>]>([
    ["of another audience", () => issuer.sign({ aud: "https://other.example" })],
    ["of another issuer", () => issuer.sign({ iss: "https://other.example" })],
    ["that expired more than a minute ago", () => issuer.sign({ exp: now() - 70 })],
    ["that never expires", () => issuer.sign({ exp: undefined } as never)],
    ["that holds from later on", () => issuer.sign({ nbf: now() + 120 })],
    ["of nobody", () => issuer.sign({ sub: "" })],
    ["of somebody whose name cannot be written down", () => issuer.sign({ sub: "ada\nadmin" })],
    ["with a key that nobody knows", () => issuer.sign({}, { kid: "unknown" })],
    ["with a key id that is a path", () => issuer.sign({}, { kid: "../../../../etc/passwd" })],
    ["whose end was cut off", async () => (await issuer.sign({})).slice(0, -20)],
    ["that is too long", () => issuer.sign({ padding: "x".repeat(9000) })],
    ["that is no token", async () => "a.b.c"],
    [
      "with the algorithm none",
      async () =>
        `${encode({ alg: "none" })}.${encode({ iss: issuer.url, aud: audience, sub: "ada", exp: now() + 60, scope: "admin" })}.x`,
    ],
    ["signed with the public key as a shared secret", signWithPublicKey],
  ])("%s", async (_what, toToken) => {
    const { status, body } = await askAs(await toToken());
    expect(status).toBe(401);
    expect(body).toMatchObject({
      error_code: "UNAUTHENTICATED",
      error_msg: "The token is not known here, was revoked, or has expired",
    });
  });

  async function signWithPublicKey(): Promise<string> {
    const { kid } = issuer.publicKey();
    const claims = { iss: issuer.url, aud: audience, sub: "ada", exp: now() + 60, scope: "admin" };
    const input = `${encode({ alg: "HS256", kid })}.${encode(claims)}`;
    const secret = await exportSPKI((await importJWK(issuer.publicKey(), "RS256")) as webcrypto.CryptoKey);
    return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
  }
});

test("a header that names keys elsewhere is ignored", async () => {
  let isAsked = false;
  const other = await startOidcIssuer();
  other.answer((_, response) => {
    isAsked = true;
    response.end("{}");
  });
  const token = await other.sign({ iss: issuer.url }, { jku: `${other.url}/jwks`, x5u: `${other.url}/x5u` });
  expect((await askAs(token)).status).toBe(401);
  expect(isAsked).toBe(false);
  await other.stop();
});

test("clocks may differ by a minute", async () => {
  expect((await askAs(await issuer.sign({ exp: now() - 30 }))).status).toBe(200);
  expect((await askAs(await issuer.sign({ nbf: now() + 30 }))).status).toBe(200);
});

test("while the identity provider is away, tokens with a known key are accepted, and no others", async () => {
  const token = await issuer.askForToken(["viewer"]);
  expect((await askAs(token)).status).toBe(200);
  const cold = await open();
  issuer.answer((_, response) => response.writeHead(502).end("<html>"));
  expect((await askAs(token)).status).toBe(200);
  const { status, headers, body } = await askAs(token, cold);
  expect([status, headers.get("retry-after")]).toEqual([503, "5"]);
  expect(body.error_code).toBe("IDENTITY_PROVIDER_UNAVAILABLE");
  expect(cold.log.join("")).not.toContain(token);
  await cold.close();
});

test.each([
  ["of another issuer", { issuer: "https://other.example", jwks_uri: "http://127.0.0.1:1/jwks" }],
  ["that leads to no keys", { jwks_uri: "no address" }],
])("a discovery document %s is refused, and doctor reports it", async (_what, document) => {
  issuer.answer((_, response) => response.end(JSON.stringify({ issuer: issuer.url, ...document })));
  const cold = await open();
  expect((await askAs(await issuer.sign({}), cold)).status).toBe(503);
  const { body } = await cold.request("GET", "/eom/admin/doctor");
  expect(body.checks.find(({ check }: { check: string }) => check === "identity provider")).toMatchObject({
    status: "failed",
    message: expect.stringMatching(/discovery document/),
  });
  await cold.close();
});

test.each([
  ["that are no JSON", () => "<html>Sign in</html>"],
  ["that are no keys", () => '{"keys": "none"}'],
  ["without end", () => `{"keys": [${"0,".repeat(1024 * 1024)}0]}`],
])("keys %s are a 503, not a 401", async (_what, toKeys) => {
  const discovery = JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` });
  issuer.answer(({ url }, response) => response.end(url === "/jwks" ? toKeys() : discovery));
  const cold = await open();
  const { status, body } = await askAs(await issuer.sign({}), cold);
  expect([status, body.error_code]).toEqual([503, "IDENTITY_PROVIDER_UNAVAILABLE"]);
  await cold.close();
});
