import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import type { Lookup } from "../../../src/platform/egress/guard.ts";
import { type EgressPolicy, parseEgressPolicy } from "../../../src/platform/egress/policy.ts";
import { inventoryStorage } from "../../../src/storages/s3/inventory.ts";
import type { S3Location } from "../../../src/storages/s3/location.ts";
import { proveStorage } from "../../../src/storages/s3/probe.ts";
import type { Reason } from "../../../src/storages/s3/reasons.ts";
import { type Check, verificationReportSchema } from "../../../src/storages/s3/report.ts";
import {
  always,
  bucket,
  flood,
  hang,
  type MisbehavingS3,
  type Misbehaviour,
  reset,
  send,
  sendError,
  stall,
  startMisbehavingS3,
  startRawServer,
  trickle,
} from "../../support/s3/misbehaving-s3.ts";
import { createCertificate } from "./certificates.ts";

/** For a server that answers: never used up, however busy the machine is. */
const budgetMs = 20_000;

/** For a server that does not: a tenth of it is for a connection, half of it for a request. */
const soonMs = 4_000;

/** What a busy machine may add to a time limit. */
const slackMs = 2_000;

const credential = {
  access_key_id: "AKIACANARYACCESSKEY0",
  secret_access_key: "canary/secret+access/key",
  session_token: "canary-session-token",
};

const open = parseEgressPolicy({ allow: [], deny: [], loopback: true, infrastructure: [] });
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
  readonly arrange: () => Promise<Place>;
  /** For the proof, and for a page of the inventory. */
  readonly limitMs?: number;
  /** What the hint must say. */
  readonly hint?: RegExp;
}

const running: Pick<MisbehavingS3, "stop">[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function started<Server extends Pick<MisbehavingS3, "stop">>(starting: Promise<Server>): Promise<Server> {
  const server = await starting;
  running.push(server);
  return server;
}

/** An HTTP server that answers everything in one wrong way. */
function answering(misbehaviour: Misbehaviour): () => Promise<Place> {
  return async () => {
    const { port } = await started(startMisbehavingS3(misbehaviour));
    return { endpoint: `http://127.0.0.1:${port}` };
  };
}

const anHourAgo = new Date(Date.now() - 3_600_000);
const good = createCertificate({ names: ["127.0.0.1"] });
const other = createCertificate({ names: ["elsewhere.example.org"] });
const expired = createCertificate({ names: ["127.0.0.1"], notAfter: anHourAgo });

function withTls(certificate: { key: string; cert: string }, place: Partial<Place>): () => Promise<Place> {
  return async () => {
    const { port } = await started(startMisbehavingS3({}, certificate));
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
  "the region is wrong, told by a redirect": {
    reason: "wrong_region",
    status: 301,
    arrange: answering(always(sendError(301, "PermanentRedirect", {}, { "x-amz-bucket-region": "eu-west-3" }))),
    hint: /eu-west-3, not us-east-1/,
  },
  "the region is wrong, told by a refusal": {
    reason: "wrong_region",
    status: 400,
    arrange: answering(always(sendError(400, "AuthorizationHeaderMalformed", { Region: "eu-west-3" }))),
    hint: /eu-west-3, not us-east-1/,
  },
  "the right region is told in a shape that no region has": {
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
  "an S3 error is one that nobody knows": {
    reason: "unexpected_answer",
    status: 400,
    arrange: answering(always(sendError(400, credential.access_key_id))),
  },
  "a web console answers 200 to anything": {
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
  "the answer trickles": { reason: "request_timeout", limitMs: soonMs, arrange: answering(always(trickle)) },
  "the answer ends with its head": { reason: "request_timeout", limitMs: soonMs, arrange: answering(always(stall)) },
  "the answer never begins": { reason: "request_timeout", limitMs: soonMs, arrange: answering(always(hang)) },
  "the connection is reset": { reason: "connection_reset", arrange: answering(always(reset)) },
  "something else than HTTP answers": {
    reason: "not_s3",
    arrange: async () => {
      const { port } = await started(startRawServer((socket) => socket.end("SSH-2.0-OpenSSH_9.9\r\n")));
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
    limitMs: soonMs,
    arrange: async () => ({ endpoint: "http://s3.example.org", lookup: () => new Promise(() => {}) }),
  },
  "the port does not speak TLS": {
    reason: "tls_not_tls",
    arrange: async () => {
      const { port } = await started(startMisbehavingS3());
      return { endpoint: `https://127.0.0.1:${port}` };
    },
    hint: /http:\/\//,
  },
  "the port takes connections and never speaks TLS": {
    reason: "request_timeout",
    limitMs: soonMs,
    arrange: async () => {
      const { port } = await started(startRawServer(() => {}));
      return { endpoint: `https://127.0.0.1:${port}` };
    },
  },
  "the port wants TLS and gets http": {
    reason: "connection_reset",
    arrange: async () => {
      const { port } = await started(startMisbehavingS3({}, good));
      return { endpoint: `http://127.0.0.1:${port}` };
    },
    hint: /https/,
  },
  "the certificate is self-signed": {
    reason: "tls_untrusted",
    arrange: withTls(good, {}),
    hint: /ca_certificate/,
  },
  "the certificate is signed by an authority of one's own": {
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

function toLocation(place: Place): S3Location {
  const { endpoint, ca_certificate = null, path_style = true } = place;
  return { endpoint, region: "us-east-1", bucket, prefix: "in/", path_style, read_only: false, ca_certificate };
}

const forbidden = [...Object.values(credential), "169.254.169.254", "10.77.66.55", "10.1.2.3", "AWS4-HMAC", "script"];

function expectNoSecret(value: unknown): void {
  const text = inspect(value, { depth: 20, showHidden: true });
  for (const secret of forbidden) expect(text).not.toContain(secret);
}

describe.each(Object.entries(situations))("when %s", (_name, { reason, status, arrange, hint, limitMs = budgetMs }) => {
  test(`the proof says ${reason} in time, and tells no secret`, async () => {
    const place = await arrange();
    const began = performance.now();
    const report = await proveStorage(toLocation(place), credential, {
      policy: open,
      clock: systemClock,
      budgetMs: limitMs,
      ...place,
    });
    expect(performance.now() - began).toBeLessThan(limitMs + slackMs);
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

  test(`an inventory fails with ${reason}, and its error tells no secret`, async () => {
    const place = await arrange();
    const settings = { policy: open, clock: systemClock, pageMs: limitMs, ...place };
    const error = await inventoryStorage(toLocation(place), credential, settings).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ name: "S3Failure", reason, http_status: status ?? null });
    // What the egress rules found out about a name stands in the cause, which only the log gets.
    expectNoSecret(reason === "endpoint_forbidden" ? (error as Error).message : error);
  });
});
