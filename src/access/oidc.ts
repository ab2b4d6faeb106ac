import { errors, type JWTPayload, jwtVerify } from "jose";
import { fail } from "../platform/failure.ts";
import { isPrintable } from "../platform/http/request-context.ts";
import type { Logger } from "../platform/log.ts";
import type { Authenticator } from "../platform/resource/caller.ts";
import { tokenRefused } from "./errors.ts";
import { IssuerUnavailable, toReason } from "./issuer-documents.ts";
import { createKeyFinder } from "./issuer-keys.ts";
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
  /** Milliseconds, never going back; the process's own when it is left out. */
  readonly now?: () => number;
}

/** Signed with a key pair: a shared secret, or none, is what forgers would like (RFC 8725, section 3.1). */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

/** Between this machine's clock and the issuer's. */
const skewSeconds = 60;
const maxTokenBytes = 8 * 1024;

/** JSON Web Tokens of one issuer. */
export function createOidcAuthenticator(options: OidcOptions): Authenticator {
  const { issuer, log } = options;
  const findKey = createKeyFinder({
    issuer,
    now: options.now ?? (() => performance.now()),
    onStale: (reason) => log.warn({ issuer, reason }, "the identity provider's keys could not be renewed"),
  });

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
    try {
      const rules = {
        issuer,
        audience: options.audience,
        algorithms,
        clockTolerance: skewSeconds,
        requiredClaims: ["exp"],
      };
      return (await jwtVerify(token, findKey, rules)).payload;
    } catch (error) {
      if (error instanceof IssuerUnavailable) {
        log.warn({ issuer, reason: error.message }, "the identity provider could not be asked for its keys");
        throw issuerUnavailable();
      }
      if (error instanceof errors.JOSEError) throw tokenRefused();
      log.warn({ issuer, reason: toReason(error) }, "the identity provider's keys cannot be used");
      throw issuerUnavailable();
    }
  }

  return { authenticate };
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

function issuerUnavailable() {
  return fail("IDENTITY_PROVIDER_UNAVAILABLE", "The identity provider gave no keys to check your token with", null);
}
