import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

export interface CertificateOptions {
  /** The DNS names and IPv4 addresses of the certificate. */
  readonly names: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** A self-signed certificate that signs this one. Unset: this one is self-signed. */
  readonly authority?: Certificate;
}

const dayMilliseconds = 86_400_000;

/**
 * Creates an X.509 certificate (P-256, SHA-256), which Node can only read. It is valid from yesterday until tomorrow
 * unless the options say otherwise.
 */
export function createCertificate({ names, notBefore, notAfter, authority }: CertificateOptions): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const validity = sequence(
    utcTime(notBefore ?? new Date(Date.now() - dayMilliseconds)),
    utcTime(notAfter ?? new Date(Date.now() + dayMilliseconds)),
  );
  const signed = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    signatureAlgorithm,
    selfSignedName,
    validity,
    authority === undefined ? selfSignedName : toName("EOM test server"),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(subjectAltName(names), basicConstraints)),
  );
  const issuer = authority === undefined ? privateKey : createPrivateKey(authority.key);
  const certificate = sequence(signed, signatureAlgorithm, bitString(signWith(issuer, signed)));
  return { cert: toPem(certificate), key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const header = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...header]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

function bitString(content: Buffer): Buffer {
  return der(0x03, Buffer.from([0]), content);
}

/** `YYMMDDHHMMSSZ` */
function utcTime(date: Date): Buffer {
  return der(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));
}

const signatureAlgorithm = sequence(oid("2a8648ce3d040302"));
const selfSignedName = toName("EOM test authority");
const basicConstraints = sequence(
  oid("551d13"),
  der(0x01, Buffer.from([0xff])),
  der(0x04, sequence(der(0x01, Buffer.from([0xff])))),
);

function subjectAltName(names: readonly string[]): Buffer {
  const entries = names.map((name) =>
    isIPv4(name) ? der(0x87, Buffer.from(name.split(".").map(Number))) : der(0x82, Buffer.from(name)),
  );
  return sequence(oid("551d11"), der(0x04, sequence(...entries)));
}

function toName(commonName: string): Buffer {
  return sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from(commonName)))));
}

function signWith(key: KeyObject, content: Buffer): Buffer {
  return sign("sha256", content, key);
}

function toPem(content: Buffer): string {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
