import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigError, readConfig } from "../../src/platform/config/config.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp("postgres", {
    EOM_AUTH: "gateway",
    EOM_GATEWAY_CIDRS: "10.1.0.0/16, 2001:db8::/32, 192.0.2.7",
    EOM_ROLES: '{"sre": "operator"}',
  });
});
afterAll(() => app.close());

async function askFrom(address: string | null, headers: Record<string, string>, repeated: string[] = []) {
  const headersDistinct = Object.fromEntries(repeated.map((name) => [name, ["one", "two"]]));
  const env = address === null ? {} : { incoming: { socket: { remoteAddress: address }, headersDistinct } };
  const response = await app.program.app.request("/eom/admin/me", { headers }, env);
  return { status: response.status, body: await response.json() };
}

const ada = { "x-forwarded-user": "ada@example.org", "x-forwarded-role": "viewer, sre" };

test.each(["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7", "192.0.2.7"])(
  "from %s the gateway's headers are accepted",
  async (address) => {
    expect(await askFrom(address, ada)).toMatchObject({
      status: 200,
      body: { subject: "ada@example.org", role: "operator", authentication: "gateway" },
    });
  },
);

test.each(["10.2.0.1", "::ffff:10.2.0.1", "2001:db9::1", "192.0.2.8", "127.0.0.1", "no address", null])(
  "from %s the gateway's headers are ignored, with any forwarding header",
  async (address) => {
    const forged = { ...ada, "x-forwarded-for": "10.1.2.3", forwarded: "for=10.1.2.3", "x-real-ip": "10.1.2.3" };
    expect(await askFrom(address, forged)).toMatchObject({ status: 401, body: { x_user: null } });
  },
);

describe("from the gateway's own address", () => {
  test("callers without a name, or with an unprintable or long name, are refused", async () => {
    expect((await askFrom("10.1.2.3", { "x-forwarded-role": "admin" })).status).toBe(401);
    expect((await askFrom("10.1.2.3", { ...ada, "x-forwarded-user": "x".repeat(300) })).status).toBe(401);
  });

  test("a header that came twice is refused, because the client may have sent one of them", async () => {
    for (const name of ["x-forwarded-user", "x-forwarded-role"])
      expect(await askFrom("10.1.2.3", ada, [name])).toMatchObject({
        status: 401,
        body: { error_code: "UNAUTHENTICATED", error_msg: expect.stringContaining(name) },
      });
    expect((await askFrom("10.1.2.3", ada, ["x-other"])).status).toBe(200);
  });

  test("an unknown role is no role", async () => {
    for (const role of ["", "root", "Admin"])
      expect((await askFrom("10.1.2.3", { ...ada, "x-forwarded-role": role })).status).toBe(403);
  });

  test("EOM's own tokens work too", async () => {
    expect((await app.request("GET", "/eom/admin/me", undefined, { role: "meter" })).body).toMatchObject({
      role: "meter",
    });
  });
});

describe("is refused at start", () => {
  test.each<[string, Record<string, string>, string]>([
    ["a gateway without networks", { EOM_AUTH: "gateway" }, "EOM_GATEWAY_CIDRS"],
    ["a network that cannot be parsed", { EOM_AUTH: "gateway", EOM_GATEWAY_CIDRS: "10.0.0.0/33" }, "EOM_GATEWAY_CIDRS"],
    ["an identity provider without an address", { EOM_AUTH: "oidc", EOM_OIDC_AUDIENCE: "eom" }, "EOM_OIDC_ISSUER"],
    [
      "an identity provider without an audience",
      { EOM_AUTH: "oidc", EOM_OIDC_ISSUER: "https://id.example" },
      "EOM_OIDC_AUDIENCE",
    ],
    ["an identity provider over plain HTTP", { EOM_OIDC_ISSUER: "http://id.example" }, "EOM_OIDC_ISSUER"],
    ["an unknown role", { EOM_ROLES: '{"a": "root"}' }, "EOM_ROLES"],
    ["no authentication beyond loopback", { EOM_AUTH: "none", EOM_HOST: "0.0.0.0" }, "EOM_AUTH"],
  ])("%s", (_what, environment, name) => {
    const read = () => readConfig(environment, []);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(name);
  });
});
