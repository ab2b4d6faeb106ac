import { describe, expect } from "vitest";
import { credentialSchema } from "../../../src/storages/credential-schema.ts";
import { inventoryStorage } from "../../../src/storages/s3/inventory.ts";
import type { S3Credential, S3Location } from "../../../src/storages/s3/location.ts";
import { probeStorage } from "../../../src/storages/s3/probe.ts";
import { credential, settings, test, toLocation } from "./fixtures.ts";

/** The fields at fault, and the messages about them. */
function problemsOf(changes: Record<string, unknown>): string[] {
  const given = { ...credential, ...changes };
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  return (
    credentialSchema
      .safeParse(Object.fromEntries(known))
      .error?.issues.map(({ path, message }) => `${path.join("/")} ${message}`) ?? []
  );
}

const unseen = ["\n", "\r\n", "\t", "\u0000", "\u007f", "\u00a0", "\u200b", "\u2028", "\ufeff"];

describe("a credential as people paste it", () => {
  test.for(unseen)("is refused at its field when it ends in %j", (text) => {
    for (const field of ["access_key_id", "secret_access_key", "session_token"]) {
      expect(problemsOf({ [field]: `pasted${text}` })).toEqual([expect.stringMatching(`^${field} must have`)]);
    }
    expect(problemsOf({ access_key_id: undefined, access_key: `pasted${text}` })).toEqual([
      expect.stringMatching("^access_key must have"),
    ]);
    expect(problemsOf({ secret_access_key: undefined, secret_key: `pasted${text}` })).toEqual([
      expect.stringMatching("^secret_key must have"),
    ]);
  });

  test.for([
    ["access_key_id", "AKIA TEST"],
    ["access_key_id", "AKIA,TEST"],
    ["access_key_id", "schlüssel"],
    ["access_key_id", "\ud800"],
    ["session_token", "two tokens"],
    ["session_token", "tök"],
    ["session_token", "t€k"],
    ["secret_access_key", " secret"],
    ["secret_access_key", "sec\nret"],
    ["secret_access_key", "\ud800"],
  ] as const)("is refused when %s is %j", ([field, text]) => {
    expect(problemsOf({ [field]: text })).toEqual([expect.stringMatching(`^${field} must `)]);
  });

  test("is refused with the place of the character, never with the text around it", () => {
    expect(problemsOf({ session_token: "canary\ntoken" })).toEqual([
      "session_token must have visible ASCII characters only and no white space, but has U+000A at character 7",
    ]);
  });

  test.for([
    { access_key_id: "tenant$user" },
    { access_key_id: "a=b/c+d" },
    { access_key_id: "ab:cd@example.org" },
    { session_token: "FwoGZXIvYXdzE//+=" },
    { session_token: "eyJhbGciOiJIUzUxMiJ9.e30.a-b_c" },
    { secret_access_key: "with spaces inside" },
    { secret_access_key: "schlüssel €" },
  ])("is accepted as %j, and a request carries it unchanged", async (changes, { startS3 }) => {
    const server = await startS3();
    const accepted = credentialSchema.parse({ ...credential, ...changes });
    expect(accepted).toEqual({ ...credential, ...changes });
    expect((await probeStorage(toLocation(server), accepted, settings)).status).toBe("PASS");
    const headers = server.requests[0]?.headers;
    expect(headers?.authorization).toContain(`Credential=${accepted.access_key_id}/`);
    expect(headers?.["x-amz-security-token"]).toBe(accepted.session_token);
  });
});

describe("a stored setting that no request can carry", () => {
  const unsendable: readonly [string, Partial<S3Location>, Partial<S3Credential>][] = [
    ["access_key_id", {}, { access_key_id: "AKIA\n" }],
    ["access_key_id", {}, { access_key_id: "AKIA\u200b" }],
    ["session_token", {}, { session_token: "t€k" }],
    ["region", { region: "fips-us-east-1" }, {}],
    ["region", { region: "us gov" }, {}],
  ];

  test.for(unsendable)("is reported as %s, not as an answer of the server: %j %j", async (row, { startS3 }) => {
    const [setting, place, key] = row;
    const server = await startS3();
    const location = toLocation(server, place);
    const report = await probeStorage(location, { ...credential, ...key }, settings);
    expect(report.checks[0]).toMatchObject({ reason: "request_not_sent", http_status: null });
    expect(report.checks[0]?.hint).toContain(setting);
    const counting = inventoryStorage(location, { ...credential, ...key }, settings);
    await expect(counting).rejects.toMatchObject({ reason: "request_not_sent", http_status: null });
    expect(server.requests).toEqual([]);
  });
});
