import { createRemoteJWKSet, customFetch, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { z } from "zod";
import { fail } from "../platform/failure.ts";
import type { Authenticator } from "../platform/http/caller.ts";
import { isPrintable } from "../platform/http/request-context.ts";
import type { Logger } from "../platform/log.ts";
import { tokenRefused } from "./errors.ts";
import { type RoleNames, requireHighestRole } from "./roles.ts";

export interface OidcOptions {
  /** As it stands in the tokens, to the letter. */
  readonly issuer: string;
  readonly audience: string;
  /** Steps to a claim, as `realm_access.roles`: a list of names, or names between spaces. */
  readonly rolesClaim: string;
  readonly subjectClaim: string;
  readonly roles: RoleNames;
  readonly log: Logger;
}

/** Signed with a key pair: a shared secret, or none, is what forgers would like (RFC 8725, section 3.1). */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

/** Between this machine's clock and the issuer's. */
const skewSeconds = 60;
const maxTokenBytes = 8 * 1024;
const patienceMilliseconds = 5_000;
/** Of a document of the issuer's; keys of real ones take a few kilobytes. */
const maxDocumentBytes = 1024 * 1024;
/** Keys that nobody knows make nobody ask the issuer more often. */
const cooldownMilliseconds = 30_000;
const rediscoverMilliseconds = 5_000;

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url() });

/** JSON Web Tokens of one issuer. Its keys are fetched when the first token comes, and again when one has a key that is new. */
export function createOidcAuthenticator(options: OidcOptions): Authenticator {
  const findKey = createKeyFinder(options);

  async function authenticate(headers: Headers) {
    const header = headers.get("authorization");
    if (header === null) return null;
    const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(header)?.[1];
    if (token === undefined || token.length > maxTokenBytes) throw tokenRefused();
    const payload = await verify(token);
    const subject = readSubject(payload, options.subjectClaim);
    const role = requireHighestRole(readNames(payload, options.rolesClaim), options.roles);
    const principal = `oidc ${options.issuer} ${payload.sub ?? subject}`;
    return { subject, principal, role, authentication: "oidc" as const };
  }

  async function verify(token: string): Promise<JWTPayload> {
    const { issuer, audience, log } = options;
    try {
      const rules = { issuer, audience, algorithms, clockTolerance: skewSeconds, requiredClaims: ["exp"] };
      return (await jwtVerify(token, findKey, rules)).payload;
    } catch (error) {
      if (isOfIssuer(error)) {
        log.warn({ issuer, reason: error.message }, "the identity provider could not be asked for its keys");
        throw issuerUnavailable();
      }
      // What jose says of keys that it cannot fetch; its other errors are about the token.
      if (error instanceof errors.JOSEError && error.code !== "ERR_JOSE_GENERIC") throw tokenRefused();
      log.warn({ issuer, reason: toReason(error) }, "the identity provider's keys cannot be used");
      throw issuerUnavailable();
    }
  }

  return { authenticate };
}

class IssuerUnavailable extends Error {}

/** Not the token's fault: its keys were not had, or are none. */
function isOfIssuer(error: unknown): error is Error {
  return [IssuerUnavailable, errors.JWKSTimeout, errors.JWKSInvalid].some((kind) => error instanceof kind);
}

/** Finds the issuer's keys by its own document, when the first token wants one. After a failure it waits a little. */
function createKeyFinder({ issuer }: OidcOptions): JWTVerifyGetKey {
  let keys: Promise<JWTVerifyGetKey> | null = null;

  function findKeys(): Promise<JWTVerifyGetKey> {
    keys ??= discover(issuer).catch((error: unknown) => {
      setTimeout(() => {
        keys = null;
      }, rediscoverMilliseconds).unref();
      throw error;
    });
    return keys;
  }

  return async (header, token) => (await findKeys())(header, token);
}

/** OpenID Connect Discovery 1.0, section 4. @throws IssuerUnavailable */
async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const { jwks_uri: uri } = await readDiscovery(issuer);
  const url = new URL(uri);
  if (url.protocol !== new URL(issuer).protocol) throw new IssuerUnavailable("its keys lie behind another protocol");
  return createRemoteJWKSet(url, {
    timeoutDuration: patienceMilliseconds,
    cooldownDuration: cooldownMilliseconds,
    [customFetch]: fetchDocument,
  });
}

async function readDiscovery(issuer: string): Promise<z.output<typeof discoverySchema>> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const signal = AbortSignal.timeout(patienceMilliseconds);
  const body = await fetchDocument(url, { redirect: "error", signal })
    .then((response) => response.json())
    .catch((error: unknown) => {
      throw new IssuerUnavailable(toReason(error));
    });
  const parsed = discoverySchema.safeParse(body);
  if (!parsed.success) throw new IssuerUnavailable("its discovery document is none");
  // Section 4.3: who answers must say that it is the one that was asked.
  if (parsed.data.issuer !== issuer) throw new IssuerUnavailable("its discovery document names another issuer");
  return parsed.data;
}

/** Reads no more than a document may have. @throws IssuerUnavailable when there is more */
async function fetchDocument(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > maxDocumentBytes)
      throw new IssuerUnavailable(`a document of it has more than ${maxDocumentBytes} bytes`);
    pieces.push(piece);
  }
  return new Response(Buffer.concat(pieces), { status: response.status, headers: response.headers });
}

/** @throws UNAUTHENTICATED for what could not stand in an answer or the trail */
function readSubject(payload: JWTPayload, claim: string): string {
  const subject = payload[claim];
  if (typeof subject !== "string" || subject === "" || subject.length > 255 || !isPrintable(subject))
    throw tokenRefused();
  return subject;
}

function readNames(payload: JWTPayload, claim: string): string[] {
  const found = claim
    .split(".")
    .reduce<unknown>(
      (value, step) => (isRecord(value) && Object.hasOwn(value, step) ? value[step] : undefined),
      payload,
    );
  if (typeof found === "string") return found.split(" ");
  return Array.isArray(found) ? found.filter((name) => typeof name === "string") : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object";
}

function toReason(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function issuerUnavailable() {
  return fail("IDENTITY_PROVIDER_UNAVAILABLE", "The identity provider gave no keys to check your token with", null);
}

/** For `eom doctor`: whether its document and keys can be had. @throws with a sentence that says what to do */
export async function checkIssuer(issuer: string): Promise<string> {
  try {
    const { jwks_uri: uri } = await readDiscovery(issuer);
    const response = await fetchDocument(uri, { redirect: "error", signal: AbortSignal.timeout(patienceMilliseconds) });
    const { keys } = z.object({ keys: z.array(z.unknown()).min(1) }).parse(await response.json());
    return `${issuer}, ${keys.length} keys`;
  } catch (error) {
    const reason = error instanceof z.ZodError ? "its keys are none" : toReason(error);
    throw new Error(`${issuer} cannot be used: ${reason}. See that EOM_OIDC_ISSUER is what its tokens have as iss.`);
  }
}
