import { describe, expect, test } from "vitest";
import { type ConnectionString, parseConnectionString } from "../../src/platform/database/connection-string.ts";

function parse(text: string): ConnectionString {
  const parsed = parseConnectionString(text);
  if ("problem" in parsed) throw new Error(parsed.problem);
  return parsed;
}

describe("a connection string", () => {
  test.each([
    ["postgres://u:p@h/d", [{ host: "h", port: 5432 }]],
    ["postgresql://u@h:6543/d", [{ host: "h", port: 6543 }]],
    ["postgres://u@[::1]:6543/d", [{ host: "::1", port: 6543 }]],
    ["postgres://u@[fe80::1%25eth0]/d", [{ host: "fe80::1%25eth0", port: 5432 }]],
    [
      "postgres://u@h1:1,h2,[::1]:3/d",
      [
        { host: "h1", port: 1 },
        { host: "h2", port: 5432 },
        { host: "::1", port: 3 },
      ],
    ],
    [
      "postgres://u@h1,h2/d?port=7",
      [
        { host: "h1", port: 7 },
        { host: "h2", port: 7 },
      ],
    ],
    [
      "postgres://u@/d?host=h1,h2&port=7,8",
      [
        { host: "h1", port: 7 },
        { host: "h2", port: 8 },
      ],
    ],
    ["postgres:///d", [{ host: "localhost", port: 5432 }]],
    ["postgres://u@%2Fvar%2Frun%2Fpostgresql:7/d", [{ host: "/var/run/postgresql", port: 7 }]],
    ["postgres:///d?host=/var/run/postgresql", [{ host: "/var/run/postgresql", port: 5432 }]],
    [" postgres://u@h/d\n", [{ host: "h", port: 5432 }]],
  ])("names its hosts: %s", (text, hosts) => {
    expect(parse(text).hosts).toEqual(hosts);
  });

  test("has a password with any character, percent-encoded or not where that is clear", () => {
    expect(parse("postgres://u%40x:a%2Fb%3A%25%40:c@h/d%20e")).toMatchObject({
      user: "u@x",
      password: "a/b:%@:c",
      database: "d e",
    });
    expect(parse("postgres://u:a@b@h/d")).toMatchObject({ password: "a@b", hosts: [{ host: "h" }] });
    expect(parse("postgres:///?user=u&password=p%26q&dbname=d")).toMatchObject({
      user: "u",
      password: "p&q",
      database: "d",
    });
    expect(parse("postgres://h")).toMatchObject({ user: null, password: null, database: null });
  });

  test.each([
    ["postgres://h/d", "prefer"],
    ["postgres://127.0.0.1/d", "disable"],
    ["postgres://[::1],localhost/d", "disable"],
    ["postgres://127.0.0.1,h/d", "prefer"],
    ["postgres:///d?host=/run", "disable"],
    ["postgres://127.0.0.1/d?sslmode=require", "require"],
    ["postgres://h/d?sslmode=allow", "prefer"],
    ["postgres://h/d?sslmode=no-verify", "require"],
    ["postgres://h/d?sslmode=require&sslrootcert=/ca.pem", "verify-ca"],
    ["postgres://h/d?sslrootcert=system", "verify-full"],
    ["postgres://h/d?ssl=true", "require"],
    ["postgres://h/d?ssl=false", "disable"],
    ["postgres://h/d?ssl=verify-full", "verify-full"],
    ["postgres://h/d?sslaccept=strict", "verify-full"],
    ["postgres://h/d?sslaccept=accept_invalid_certs", "require"],
  ])("asks for TLS as libpq does: %s is %s", (text, mode) => {
    expect(parse(text).tls.mode).toBe(mode);
  });

  test.each([
    ["postgres://h/d", { application_name: "eom", search_path: '"$user", public, extensions' }],
    ["postgres://h/d?application_name=x&fallback_application_name=y", { application_name: "x" }],
    ["postgres://h/d?ApplicationName=x", { application_name: "x" }],
    ["postgres://h/d?schema=My%22s", { search_path: '"My""s", public' }],
    ["postgres://h/d?currentSchema=s", { search_path: '"s", public' }],
    ["postgres://h/d?options=-csearch_path%3Da,b", { search_path: "a,b" }],
    ["postgres://h/d?options=-c%20work_mem%3D8MB+--seq-page-cost=2", { work_mem: "8MB", seq_page_cost: "2" }],
    ["postgres://h/d?options=endpoint%3Dep-cool", { options: "endpoint=ep-cool" }],
    ["postgres://h/d?options=-c%20a.b%3Dc%5C%20d", { "a.b": "c d" }],
  ])("sends settings: %s", (text, settings) => {
    expect(parse(text).settings).toMatchObject(settings);
  });

  test.each([
    ["postgres://h/d?connect_timeout=10", 10],
    ["postgres://h/d?connect_timeout=0", null],
    ["postgres://h/d?connect_timeout=600", 60],
    ["postgres://h/d", null],
  ])("limits the time of a connect: %s", (text, seconds) => {
    expect(parse(text).connectSeconds).toBe(seconds);
  });

  const secret = "canary";
  test.each([
    [`mysql://u:${secret}@h/d`, /must be postgres:\/\//],
    [`jdbc:postgresql://u:${secret}@h/d`, /without jdbc:/],
    [`postgresql+psycopg://u:${secret}@h/d`, /without the name of a driver/],
    [`host=h user=u password=${secret}`, /not a list of name=value/],
    [`postgres://u:${secret}#x@h/d`, /written as %2F %3F %23/],
    [`postgres://u:${secret}/x@h/d`, /./],
    [`postgres://u:${secret}?x=y@h/d`, /must name its host|port/],
    [`postgres://u:${secret}%zz@h/d`, /two hexadecimal digits/],
    [`postgres://u:${secret}@h:0/d`, /port from 1 to 65535/],
    [`postgres://u:${secret}@h:x/d`, /must name its host/],
    [`postgres://u:${secret}@::1/d`, /IPv6 address in brackets/],
    [`postgres://u:${secret}@h1,h2/d?port=1,2,3`, /one port, or one for each host/],
    [`postgres://u:${secret}@h/d?ssl=maybe`, /true, false or a sslmode/],
    [`postgres://u:${secret}@h/d?connect_timeout=soon`, /whole seconds/],
    [`postgres://u:${secret}@h/d?sslnegotiation=direct&sslmode=prefer`, /sslmode=require or stricter/],
    [`postgres://u:${secret}@h/d?sslcrl=/x`, /sslcrl: remove it/],
    [`postgres://u:${secret}@h/d?gssencmode=require`, /one of disable, prefer in its parameter gssencmode/],
    [`postgres://u:${secret}@h/d?sslmod=require`, /did you mean sslmode\?/],
    ["postgres://", /./],
  ])("is refused with a sentence that has nothing secret in it: %s", (text, problem) => {
    const parsed = parseConnectionString(text);
    expect(parsed).toEqual({ problem: expect.stringMatching(problem) });
    expect(JSON.stringify(parsed)).not.toContain(secret);
  });
});
