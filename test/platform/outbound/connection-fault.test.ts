import { once } from "node:events";
import { connect as connectTcp, createServer } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, expect, test } from "vitest";
import { classifyConnectionFault, isTlsFault } from "../../../src/platform/outbound/connection-fault.ts";

const coded = (code: string, message = "") => Object.assign(new Error(message), { code });

describe("classifyConnectionFault", () => {
  test.each([
    ["ENOTFOUND", "dns"],
    ["ECONNREFUSED", "refused"],
    ["EHOSTUNREACH", "unreachable"],
    ["ECONNRESET", "reset"],
    ["ETIMEDOUT", "timeout"],
    ["UND_ERR_CONNECT_TIMEOUT", "timeout"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "tls_hostname"],
    ["CERT_HAS_EXPIRED", "tls_expired"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "tls_untrusted"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "tls_untrusted"],
    ["CERT_REVOKED", "tls_untrusted"],
    ["ERR_TLS_HANDSHAKE_TIMEOUT", "tls_failed"],
    ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "tls_failed"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "tls_absent"],
    ["HPE_INVALID_CONSTANT", "not_http"],
    ["UNASKED_UPGRADE", "not_http"],
    ["EACCES", "unknown"],
  ])("takes %s for %s", (code, kind) => {
    expect(classifyConnectionFault(coded(code))).toEqual({ kind, code });
    expect(classifyConnectionFault(new TypeError("fetch failed", { cause: coded(code) }))).toEqual({ kind, code });
  });

  test("takes an aborted wait for a timeout, and anything without a code for unknown", () => {
    const timeout = new DOMException("too late", "TimeoutError");
    expect(classifyConnectionFault(timeout)).toEqual({ kind: "timeout", code: null });
    expect(classifyConnectionFault(new Error("outer", { cause: timeout }))).toEqual({ kind: "timeout", code: null });
    expect(classifyConnectionFault(new Error("no words"))).toEqual({ kind: "unknown", code: null });
    expect(classifyConnectionFault("thrown")).toEqual({ kind: "unknown", code: null });
  });

  test("says that TLS is at fault exactly for the kinds of TLS", () => {
    expect(isTlsFault(classifyConnectionFault(coded("CERT_HAS_EXPIRED")))).toBe(true);
    expect(isTlsFault(classifyConnectionFault(coded("ECONNREFUSED")))).toBe(false);
  });

  test("reads what Node throws where nothing listens, and where plain text answers TLS", async () => {
    const server = createServer((socket) =>
      socket
        .on("error", () => {})
        .resume()
        .end("HTTP/1.1 400 Bad Request\r\n\r\n"),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const [plain] = await once(connectTls({ host: "127.0.0.1", port }), "error");
    expect(classifyConnectionFault(plain).kind).toBe("tls_absent");
    server.close();
    await once(server, "close");
    const [refused] = await once(connectTcp({ host: "127.0.0.1", port }), "error");
    expect(classifyConnectionFault(refused)).toEqual({ kind: "refused", code: "ECONNREFUSED" });
  });
});
