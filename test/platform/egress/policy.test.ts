import { networkInterfaces } from "node:os";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkEgressUrl } from "../../../src/platform/egress/check-url.ts";
import {
  type EgressPolicy,
  type EgressSettings,
  InvalidEgressPolicy,
  parseEgressPolicy,
} from "../../../src/platform/egress/policy.ts";

function parse(settings: Partial<EgressSettings> = {}): EgressPolicy {
  return parseEgressPolicy({ allow: [], deny: [], loopback: false, infrastructure: [], ...settings });
}

function isAllowed(policy: EgressPolicy, host: string): boolean {
  return checkEgressUrl(policy, `http://${host}/`).allowed;
}

/** A policy that allows as much as a policy can. */
const everything = parse({ allow: ["0.0.0.0/0", "::/0"], loopback: true });

const alwaysDenied = [
  "169.254.169.254",
  "169.254.170.2",
  "169.254.0.23",
  "168.63.129.16",
  "100.100.100.200",
  "192.0.0.192",
  "[fd00:ec2::254]",
  "[fd20:ce::254]",
  "[fe80::1]",
  "metadata.google.internal",
  "METADATA.GOOGLE.INTERNAL.",
  "metadata",
  "instance-data",
  "0.0.0.0",
  "0.1.2.3",
  "0",
  "[::]",
  "224.0.0.1",
  "[ff02::1]",
  "255.255.255.255",
];

/** Spellings of one address; some are resolved by the URL parser, some by a translator on the way. */
const spellings: Record<string, readonly string[]> = {
  "127.0.0.1": [
    "127.0.0.1",
    "127.0.0.1.",
    "0x7f000001",
    "0X7F.1",
    "2130706433",
    "127.1",
    "127.0.1",
    "0177.0.0.1",
    "0177.0.0.01",
    "①②⑦.0.0.1",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:FFFF:7F00:0001]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::127.0.0.1]",
    "[2002:7f00:1::]",
  ],
  "169.254.169.254": [
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "169.254.43518",
    "0251.0376.0251.0376",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[::169.254.169.254]",
    "[::ffff:0:169.254.169.254]",
    "[64:ff9b::169.254.169.254]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[2002:a9fe:a9fe::1]",
  ],
};

const specialPurpose = [
  "10.0.0.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "100.64.0.1",
  "192.0.2.1",
  "198.18.0.1",
  "198.51.100.1",
  "203.0.113.1",
  "240.0.0.1",
  "[::1]",
  "[fc00::1]",
  "[fd12:3456::1]",
  "[fec0::1]",
  "[2001:db8::1]",
  "[2001::1]",
  "[3fff::1]",
  "[5f00::1]",
  "[100::1]",
  "[4000::1]",
  "localhost",
  "LOCALHOST.",
  "s3.localhost",
];

describe("without lists", () => {
  test.each(["8.8.8.8", "52.95.110.1", "[2600:9000::1]", "s3.example.org", "xn--mnchen-3ya.example", "minio"])(
    "%s is allowed",
    (host) => expect(isAllowed(parse(), host)).toBe(true),
  );

  test.each([...specialPurpose, ...alwaysDenied, ...Object.values(spellings).flat()])("%s is refused", (host) =>
    expect(isAllowed(parse(), host)).toBe(false),
  );
});

describe("with everything on the allow-list", () => {
  test.each([...alwaysDenied, ...(spellings["169.254.169.254"] ?? [])])("%s is still refused", (host) =>
    expect(isAllowed(everything, host)).toBe(false),
  );

  test.each(specialPurpose.concat(spellings["127.0.0.1"] ?? []))("%s is allowed", (host) =>
    expect(isAllowed(everything, host)).toBe(true),
  );
});

test("loopback addresses are allowed by EOM's setting, in their own form only", () => {
  const policy = parse({ loopback: true });
  expect(["127.0.0.1", "127.9.9.9", "0x7f000001", "[::1]", "localhost"].every((host) => isAllowed(policy, host))).toBe(
    true,
  );
  expect(isAllowed(policy, "[::ffff:127.0.0.1]")).toBe(false);
  expect(isAllowed(policy, "10.0.0.1")).toBe(false);
});

test("a range allows its addresses on its port, and no other form of them", () => {
  const policy = parse({ allow: ["10.20.0.0/16", "192.168.1.7:9000", "[fd00:1::/32]:443", "fd00:2::5"] });
  expect(isAllowed(policy, "10.20.255.255")).toBe(true);
  expect(isAllowed(policy, "10.21.0.0")).toBe(false);
  expect(isAllowed(policy, "192.168.1.7:9000")).toBe(true);
  expect(isAllowed(policy, "192.168.1.7")).toBe(false);
  expect(checkEgressUrl(policy, "https://[fd00:1::1]").allowed).toBe(true);
  expect(isAllowed(policy, "[fd00:1::1]")).toBe(false);
  expect(isAllowed(policy, "[fd00:2::5]")).toBe(true);
  expect(isAllowed(policy, "[::ffff:10.20.0.1]")).toBe(false);
});

test("a translator's range on the allow-list allows public addresses behind it, and no private ones", () => {
  const policy = parse({ allow: ["64:ff9b::/96"] });
  expect(isAllowed(policy, "[64:ff9b::8.8.8.8]")).toBe(true);
  expect(isAllowed(policy, "[64:ff9b::10.0.0.1]")).toBe(false);
  expect(isAllowed(policy, "[64:ff9b::127.0.0.1]")).toBe(false);
});

test("the deny-list takes precedence over the allow-list: by name, suffix, range and port", () => {
  const policy = parse({
    allow: ["10.0.0.0/8", ".corp.example", "files.example.org"],
    deny: ["10.1.0.0/16", "bad.corp.example", ".evil.example", "files.example.org:81", "8.8.8.8"],
  });
  expect(isAllowed(policy, "10.2.0.1")).toBe(true);
  expect(isAllowed(policy, "good.corp.example")).toBe(true);
  expect(isAllowed(policy, "files.example.org")).toBe(true);
  for (const host of ["10.1.0.1", "BAD.corp.example.", "a.evil.example", "files.example.org:81", "8.8.8.8"]) {
    expect(isAllowed(policy, host)).toBe(false);
  }
  expect(isAllowed(policy, "evil.example")).toBe(true);
});

describe("EOM's own services", () => {
  const infrastructure = [
    { host: "127.0.0.1", port: 8080 },
    { host: "db.internal", port: 5432 },
    { host: "8.8.4.4", port: 443 },
  ];
  const policy = parse({
    allow: ["0.0.0.0/0", "::/0", "db.internal", "127.0.0.1:8080"],
    loopback: true,
    infrastructure,
  });

  test.each([
    "127.0.0.1:8080",
    "localhost:8080",
    "127.0.0.2:8080",
    "0x7f000001:8080",
    "[::1]:8080",
    "[::ffff:127.0.0.1]:8080",
    "DB.internal.:5432",
    "8.8.4.4:443",
    "[64:ff9b::8.8.4.4]:443",
  ])("%s is refused by any lists", (host) => expect(isAllowed(policy, host)).toBe(false));

  test.each(["127.0.0.1:9000", "localhost:9000", "db.internal:9000", "8.8.4.4:80"])(
    "%s is another port, and allowed",
    (host) => expect(isAllowed(policy, host)).toBe(true),
  );

  test.each(["0.0.0.0", "::"])("a service that listens on %s is refused at every address of this machine", (host) => {
    const listening = parse({ allow: ["0.0.0.0/0", "::/0"], loopback: true, infrastructure: [{ host, port: 8080 }] });
    const local = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    for (const { address, family } of local) {
      expect(isAllowed(listening, `${family === "IPv6" ? `[${address.split("%")[0]}]` : address}:8080`)).toBe(false);
    }
  });
});

test.each([
  ["ftp://s3.example.org", "not ftp"],
  ["file:///etc/passwd", "not file"],
  ["unix:/run/docker.sock", "not unix"],
  ["https://user@s3.example.org", "without a user"],
  ["https://:pass@s3.example.org", "without a user"],
  ["nonsense", "must be a URL"],
  ["", "must be a URL"],
  ["http://", "must be a URL"],
])("%s is refused with what is expected", (url, message) => {
  expect(checkEgressUrl(parse(), url)).toEqual({ allowed: false, message: expect.stringContaining(message) });
});

test("every entry that cannot be used is listed, each with what to write", () => {
  const allow = [
    "good.example.org",
    "10.0.0.1/8",
    "10.0.0.0/33",
    "https://x.example",
    "host:0",
    "host:99999",
    "a b",
    "",
    "*",
  ];
  const deny = ["0x7f000001", "127.1", "[10.0.0.1", "fd00::/129", "fd00::1/64", "bad_.-.example", "*.", "exa*mple.org"];
  const error = catchError(() => parse({ allow, deny }));
  expect(error).toBeInstanceOf(InvalidEgressPolicy);
  const { problems } = error as InvalidEgressPolicy;
  expect(problems.map((problem) => JSON.parse(/"(?:[^"\\]|\\.)*"/.exec(problem)?.[0] ?? "null"))).toEqual([
    ...allow.slice(1),
    ...deny,
  ]);
  expect(problems[0]).toBe('allow: "10.0.0.1/8" has bits beyond its prefix: write 10.0.0.0/8, or the address alone');
  expect(problems).toContain('deny: "127.1" is an address in an unusual spelling: write 127.0.0.1');
});

function catchError(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

/** Any address; addresses of special ranges as often as all others. */
const octets = fc.tuple(
  fc.oneof(fc.nat(255), fc.constantFrom(0, 8, 10, 100, 127, 169, 172, 192, 224, 255)),
  fc.oneof(fc.nat(255), fc.constantFrom(0, 64, 127, 128, 168, 254)),
  fc.nat(255),
  fc.nat(255),
);

test("an IPv4 address gets the same verdict in every spelling in a URL", () => {
  const policy = parse({ allow: ["10.0.0.0/9", "127.0.0.0/8"], deny: ["8.0.0.0/8"] });
  fc.assert(
    fc.property(octets, ([a, b, c, d]) => {
      const number = ((a * 256 + b) * 256 + c) * 256 + d;
      const octal = [a, b, c, d].map((part) => `0${part.toString(8)}`).join(".");
      const forms = [
        `${number}`,
        `0x${number.toString(16)}`,
        octal,
        `${a}.${b}.${c * 256 + d}`,
        `${a}.${b}.${c}.${d}.`,
      ];
      const verdict = isAllowed(policy, `${a}.${b}.${c}.${d}`);
      return forms.every((form) => isAllowed(policy, form) === verdict);
    }),
  );
});

test("no IPv6 form of an address is allowed if its IPv4 form is refused, for any allow-list", () => {
  const policy = parse({ allow: ["::/0", "10.0.0.0/9"], deny: ["8.0.0.0/8"] });
  fc.assert(
    fc.property(octets, ([a, b, c, d]) => {
      const dotted = `${a}.${b}.${c}.${d}`;
      const hex = [a * 256 + b, c * 256 + d].map((part) => part.toString(16)).join(":");
      const forms = [
        `::ffff:${dotted}`,
        `::ffff:0:${dotted}`,
        `64:ff9b::${dotted}`,
        `64:ff9b:1::${dotted}`,
        `2002:${hex}::1`,
      ];
      return isAllowed(policy, dotted) || forms.every((form) => !isAllowed(policy, `[${form}]`));
    }),
  );
});

test("an arbitrary entry is either a rule or a problem that names it", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.ipV4Extended(), fc.ipV6(), fc.domain(), fc.webAuthority({ withPort: true })),
      (entry) => {
        const error = catchError(() => parse({ allow: [entry] }));
        if (error instanceof InvalidEgressPolicy) return error.problems[0]?.includes(JSON.stringify(entry)) === true;
        return (error as EgressPolicy).allow.length === 1;
      },
    ),
  );
});
