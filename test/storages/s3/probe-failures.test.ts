import { inspect } from "node:util";
import { describe, expect } from "vitest";
import type { Lookup } from "../../../src/platform/egress/guard.ts";
import { type EgressPolicy, parseEgressPolicy } from "../../../src/platform/egress/policy.ts";
import { inventoryStorage } from "../../../src/storages/s3/inventory.ts";
import { probeStorage } from "../../../src/storages/s3/probe.ts";
import type { Reason } from "../../../src/storages/s3/reasons.ts";
import { type Check, verificationReportSchema } from "../../../src/storages/s3/report.ts";
import {
  always,
  flood,
  hang,
  type Misbehaviour,
  reset,
  send,
  sendError,
  stall,
  startRawServer,
  trickle,
} from "../../support/s3/misbehaving-s3.ts";
import { createCertificate } from "./certificates.ts";
import { type Servers, settings, test, toLocation } from "./fixtures.ts";

/** For a server that answers; not used up on a busy machine. */
const budgetMilliseconds = 20_000;

/** For a server that does not answer. A connection has a tenth of it, a request a half. */
const soonMilliseconds = 4_000;

const credential = {
  access_key_id: "AKIACANARYACCESSKEY0",
  secret_access_key: "canary/secret+access/key",
  session_token: "canary-session-token",
};

const closed = parseEgressPolicy({ allow: [], deny: [], loopback: false, infrastructure: [] });

interface Place {
  readonly endpoint: string;
  readonly ca_certificate?: string;
  readonly lookup?: Lookup;
  readonly policy?: EgressPolicy;
  readonly path_style?: boolean;
}

interface Situation {
  readonly reason: Reason;
  readonly status?: number;
  readonly arrange: (servers: Servers) => Promise<Place>;
  /** Limit of the probe, and of a page of the inventory. */
  readonly limitMilliseconds?: number;
  /** Text that the hint must have. */
  readonly hint?: RegExp;
}

/** An HTTP server with this misbehaviour. */
function answering(misbehaviour: Misbehaviour): Situation["arrange"] {
  return async ({ startS3 }) => {
    const { port } = await startS3(misbehaviour);
    return { endpoint: `http://127.0.0.1:${port}` };
  };
}

/** A server that sends these bytes to each connection, and ends it. */
function answeringRaw(bytes: string): Situation["arrange"] {
  return async ({ startRaw }) => {
    const { port } = await startRaw((socket) => {
      socket.once("data", () => socket.end(bytes));
    });
    return { endpoint: `http://127.0.0.1:${port}` };
  };
}

const anHourAgo = new Date(Date.now() - 3_600_000);
const good = createCertificate({ names: ["127.0.0.1"] });
const other = createCertificate({ names: ["elsewhere.example.org"] });
const expired = createCertificate({ names: ["127.0.0.1"], notAfter: anHourAgo });

function withTls(certificate: { key: string; cert: string }, place: Partial<Place>): Situation["arrange"] {
  return async ({ startS3 }) => {
    const { port } = await startS3({}, { tls: certificate });
    return { endpoint: `https://127.0.0.1:${port}`, ...place };
  };
}

const fail = (code: string): Lookup => {
  return async (name) => {
    throw Object.assign(new Error(`getaddrinfo ${code} ${name}`), { code, syscall: "getaddrinfo" });
  };
};

const situations: Record<string, Situation> = {
  "the bucket is missing": {
    reason: "bucket_not_found",
    status: 404,
    arrange: answering(always(sendError(404, "NoSuchBucket"))),
    hint: /bucket scenes/,
  },
  "the secret is wrong": {
    reason: "signature_mismatch",
    status: 403,
    arrange: answering(always(sendError(403, "SignatureDoesNotMatch"))),
  },
  "the access key is unknown": {
    reason: "invalid_access_key",
    status: 403,
    arrange: answering(always(sendError(403, "InvalidAccessKeyId"))),
  },
  "the session token has expired": {
    reason: "session_token_refused",
    status: 400,
    arrange: answering(always(sendError(400, "ExpiredToken"))),
  },
  "the clocks differ": {
    reason: "clock_skew",
    status: 403,
    arrange: answering(always(sendError(403, "RequestTimeTooSkewed", {}, { date: anHourAgo.toUTCString() }))),
    hint: new RegExp(anHourAgo.toISOString().slice(0, 19)),
  },
  "the region is wrong, reported by a redirect": {
    reason: "wrong_region",
    status: 301,
    arrange: answering(always(sendError(301, "PermanentRedirect", {}, { "x-amz-bucket-region": "eu-west-3" }))),
    hint: /eu-west-3, not us-east-1/,
  },
  "the region is wrong, reported by a refusal": {
    reason: "wrong_region",
    status: 400,
    arrange: answering(always(sendError(400, "AuthorizationHeaderMalformed", { Region: "eu-west-3" }))),
    hint: /eu-west-3, not us-east-1/,
  },
  "the reported region has a form that no region has": {
    reason: "wrong_region",
    status: 400,
    arrange: answering(always(sendError(400, "AuthorizationHeaderMalformed", { Region: "canary &lt;script&gt;" }))),
    hint: /does not accept the region us-east-1/,
  },
  "the server throttles": {
    reason: "throttled",
    status: 503,
    arrange: answering(always(sendError(503, "SlowDown"))),
  },
  "the server lacks an operation": {
    reason: "not_implemented",
    status: 501,
    arrange: answering(always(sendError(501, "NotImplemented"))),
  },
  "the server has a fault": {
    reason: "server_error",
    status: 500,
    arrange: answering(always(sendError(500, "InternalError"))),
  },
  "a gateway has a fault": {
    reason: "server_error",
    status: 502,
    arrange: answering(always(send(502, "text/html", "<html><h1>Bad Gateway</h1></html>"))),
  },
  "an S3 error has an unknown code": {
    reason: "unexpected_answer",
    status: 400,
    arrange: answering(always(sendError(400, credential.access_key_id))),
  },
  "a web console answers 200 to every request": {
    reason: "not_s3",
    status: 200,
    arrange: answering(always(send(200, "text/html", "<!doctype html><html><body>Sign in</body></html>"))),
  },
  "a login page is not even XML": {
    reason: "not_s3",
    status: 200,
    arrange: answering(always(send(200, "text/html", "<html><br>Sign in & go</html>"))),
  },
  "a proxy refuses in HTML": {
    reason: "not_s3",
    status: 403,
    arrange: answering(always(send(403, "text/html; charset=utf-8", "<html><body>Blocked</body></html>"))),
  },
  "a REST API answers in JSON": {
    reason: "not_s3",
    status: 404,
    arrange: answering(always(send(404, "application/json", '{"error":"not found"}'))),
  },
  "a success is empty": { reason: "not_s3", status: 200, arrange: answering(always(send(200, "text/plain", ""))) },
  "a redirect leads to a metadata service": {
    reason: "unexpected_redirect",
    status: 302,
    arrange: answering(always(send(302, "text/plain", "", { location: "http://169.254.169.254/latest/meta-data/" }))),
  },
  "the answer never ends": { reason: "response_too_large", arrange: answering(always(flood)) },
  "the answer trickles": {
    reason: "request_timeout",
    limitMilliseconds: soonMilliseconds,
    arrange: answering(always(trickle)),
  },
  "the answer ends after its header": {
    reason: "request_timeout",
    limitMilliseconds: soonMilliseconds,
    arrange: answering(always(stall)),
  },
  "the answer never begins": {
    reason: "request_timeout",
    limitMilliseconds: soonMilliseconds,
    arrange: answering(always(hang)),
  },
  "the server switches to another protocol": {
    reason: "not_s3",
    arrange: answeringRaw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
  },
  "the server sends interim answers without end": {
    reason: "request_timeout",
    limitMilliseconds: soonMilliseconds,
    arrange: async ({ startRaw }) => {
      const { port } = await startRaw((socket) => {
        const timer = setInterval(() => socket.write("HTTP/1.1 102 Processing\r\n\r\n"), 5);
        socket.on("close", () => clearInterval(timer)).resume();
      });
      return { endpoint: `http://127.0.0.1:${port}` };
    },
  },
  "a success without a body has one": {
    reason: "not_s3",
    status: 204,
    arrange: answeringRaw("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n<a/>\n"),
  },
  "the answer breaks off": {
    reason: "connection_reset",
    arrange: answeringRaw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<ListBucket"),
  },
  "the answer breaks off between chunks": {
    reason: "connection_reset",
    arrange: answeringRaw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<List\r\n"),
  },
  "the answer has 10 MB": {
    reason: "response_too_large",
    arrange: answering(always(send(200, "application/xml", `<a>${"x".repeat(10_000_000)}</a>`))),
  },
  "an error has 10 MB": {
    reason: "response_too_large",
    arrange: answering(always(send(500, "application/xml", `<a>${"x".repeat(10_000_000)}</a>`))),
  },
  "the connection is reset": { reason: "connection_reset", arrange: answering(always(reset)) },
  "the server does not speak HTTP": {
    reason: "not_s3",
    arrange: async ({ startRaw }) => {
      const { port } = await startRaw((socket) => socket.end("SSH-2.0-OpenSSH_9.9\r\n"));
      return { endpoint: `http://127.0.0.1:${port}` };
    },
  },
  "nothing listens": {
    reason: "connection_refused",
    arrange: async () => {
      const server = await startRawServer(() => {});
      await server.stop();
      return { endpoint: `http://127.0.0.1:${server.port}` };
    },
  },
  "nothing listens on any of several addresses": {
    reason: "connection_refused",
    arrange: async () => {
      const server = await startRawServer(() => {});
      await server.stop();
      const addresses = ["127.0.0.1", "127.0.0.2"].map((address) => ({ address, family: 4 }));
      return { endpoint: `http://s3.example.org:${server.port}`, lookup: async () => addresses };
    },
  },
  "the name does not exist": {
    reason: "dns_failure",
    arrange: async () => ({ endpoint: "http://s3.example.org", lookup: fail("ENOTFOUND") }),
    hint: /s3\.example\.org/,
  },
  "the resolver is down": {
    reason: "dns_failure",
    arrange: async () => ({ endpoint: "http://s3.example.org", lookup: fail("EAI_AGAIN") }),
  },
  "the resolver never answers": {
    reason: "connect_timeout",
    limitMilliseconds: soonMilliseconds,
    arrange: async () => ({ endpoint: "http://s3.example.org", lookup: () => new Promise(() => {}) }),
  },
  "the port does not speak TLS": {
    reason: "tls_not_tls",
    arrange: async ({ startS3 }) => {
      const { port } = await startS3();
      return { endpoint: `https://127.0.0.1:${port}` };
    },
    hint: /http:\/\//,
  },
  "the port accepts connections but never answers the TLS handshake": {
    reason: "request_timeout",
    limitMilliseconds: soonMilliseconds,
    arrange: async ({ startRaw }) => {
      const { port } = await startRaw(() => {});
      return { endpoint: `https://127.0.0.1:${port}` };
    },
  },
  "the port expects TLS and gets http": {
    reason: "connection_reset",
    arrange: async ({ startS3 }) => {
      const { port } = await startS3({}, { tls: good });
      return { endpoint: `http://127.0.0.1:${port}` };
    },
    hint: /https/,
  },
  "the certificate is self-signed": {
    reason: "tls_untrusted",
    arrange: withTls(good, {}),
    hint: /ca_certificate/,
  },
  "the certificate is signed by a private authority that is not configured": {
    reason: "tls_untrusted",
    arrange: withTls(createCertificate({ names: ["127.0.0.1"], authority: good }), { ca_certificate: other.cert }),
  },
  "the certificate is for another host": {
    reason: "tls_hostname_mismatch",
    arrange: withTls(other, { ca_certificate: other.cert }),
  },
  "the certificate has expired": { reason: "tls_expired", arrange: withTls(expired, { ca_certificate: expired.cert }) },
  "the address is not allowed": {
    reason: "endpoint_forbidden",
    arrange: async () => ({ endpoint: "http://127.0.0.1:9", policy: closed }),
    hint: /EOM_EGRESS_ALLOW/,
  },
  "the name leads to an address that is not allowed": {
    reason: "endpoint_forbidden",
    arrange: async () => ({
      endpoint: "http://s3.example.org",
      lookup: async () => [{ address: "10.77.66.55", family: 4 }],
    }),
    hint: /s3\.example\.org port 80/,
  },
};

const forbidden = [...Object.values(credential), "169.254.169.254", "10.77.66.55", "10.1.2.3", "AWS4-HMAC", "script"];

function expectNoSecret(value: unknown): void {
  const text = inspect(value, { depth: 20, showHidden: true });
  for (const secret of forbidden) expect(text).not.toContain(secret);
}

const anyLocation = toLocation({ port: 0 }, { region: "us-east-1" });

/** The delay that a busy machine may add to a time limit. */
const slackMilliseconds = 2_000;

describe.each(Object.entries(situations))(
  "when %s",
  (_name, { reason, status, arrange, hint, limitMilliseconds = budgetMilliseconds }) => {
    test(`the probe reports ${reason} within its budget, and the report holds no secret`, async ({
      startS3,
      startRaw,
    }) => {
      const { lookup = settings.lookup, policy = settings.policy, ...place } = await arrange({ startS3, startRaw });
      const startedAt = performance.now();
      const limits = { ...settings, policy, lookup, budgetMilliseconds: limitMilliseconds };
      const report = await probeStorage({ ...anyLocation, ...place }, credential, limits);
      expect(performance.now() - startedAt).toBeLessThan(limitMilliseconds + slackMilliseconds);
      const [list, ...others] = verificationReportSchema.strict().parse(report).checks as [Check, ...Check[]];
      expect(report.status).toBe("FAIL");
      expect(list).toMatchObject({ check: "LIST", status: "FAIL", reason, http_status: status ?? null });
      expect(list.hint).toMatch(hint ?? /\w/);
      expect(others.map((check) => [check.check, check.status, check.reason])).toEqual([
        ["WRITE", "SKIP", "not_reached"],
        ["READ", "SKIP", "not_reached"],
        ["DELETE", "SKIP", "not_reached"],
      ]);
      expectNoSecret(report);
    });

    test(`an inventory fails with ${reason}, and its error holds no secret`, async ({ startS3, startRaw }) => {
      const { lookup = settings.lookup, policy = settings.policy, ...place } = await arrange({ startS3, startRaw });
      const limits = { ...settings, policy, lookup, pageMilliseconds: limitMilliseconds };
      const error = await inventoryStorage({ ...anyLocation, ...place }, credential, limits).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ name: "S3Failure", reason, http_status: status ?? null });
      // The address that a name resolved to is in the cause, which only the log gets.
      expectNoSecret(reason === "endpoint_forbidden" ? (error as Error).message : error);
    });
  },
);
