import { errors, type JWTPayload, jwtVerify } from "jose";
import type { Clock, Monotonic } from "../platform/clock.ts";
import { toErrorCode } from "../platform/error-code.ts";
import { fail } from "../platform/failure.ts";
import type { Logger } from "../platform/log.ts";
import type { Authenticator } from "../platform/resource/caller.ts";
import { isPrintable } from "../platform/resource/printable.ts";
import { parseBearer } from "./bearer.ts";
import { tokenRefused } from "./errors.ts";
import { IssuerUnavailable } from "./issuer-documents.ts";
import { createKeyFinder } from "./issuer-keys.ts";
import { type RoleNames, requireHighestRole } from "./roles.ts";

/** The identity provider, and how its tokens name callers and their roles. */
export interface OidcOptions {
  /** The `iss` of its tokens, to the letter. */
  readonly issuer: string;
  readonly audience: string;
  /** The path to a claim, as `realm_access.roles`: a list of names, or names with spaces between them. */
  readonly rolesClaim: string;
  readonly subjectClaim: string;
  readonly roles: RoleNames;
  readonly log: Logger;
  /** For the expiry of tokens. */
  readonly clock: Clock;
  readonly monotonic: Monotonic;
}

/** Signatures by a key pair. A shared secret or `none` would let tokens be forged (RFC 8725, section 3.1). */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

/** The difference allowed between EOM's clock and the issuer's. */
const skewSeconds = 60;

/** A JSON Web Token. */
const tokenForm = { pattern: /^[\w-]+\.[\w-]+\.[\w-]+$/, maxLength: 8 * 1024 };

/** Authenticates JSON Web Tokens of one issuer. */
export function createOidcAuthenticator(options: OidcOptions): Authenticator {
  const { issuer, log, clock, monotonic } = options;
  const findKey = createKeyFinder({
    issuer,
    monotonic,
    onStale: (reason) => log.warn({ issuer, reason }, "the identity provider's keys could not be renewed"),
  });

  async function authenticate(headers: Headers) {
    const header = headers.get("authorization");
    if (header === null) return null;
    const payload = await verify(parseBearer(header, tokenForm));
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
        currentDate: clock.now(),
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
      log.warn({ issuer, reason: toErrorCode(error) }, "the identity provider's keys cannot be used");
      throw issuerUnavailable();
    }
  }

  return { authenticate };
}

/** @throws UNAUTHENTICATED for a subject that could not be part of an answer or the audit trail */
function readSubject(payload: JWTPayload, claim: string): string {
  const subject = payload[claim];
  if (typeof subject !== "string" || subject === "" || subject.length > 255 || !isPrintable(subject))
    throw tokenRefused();
  return subject;
}

function readNames(payload: JWTPayload, claim: string): string[] {
  const value = claim
    .split(".")
    .reduce<unknown>(
      (place, step) => (isRecord(place) && Object.hasOwn(place, step) ? place[step] : undefined),
      payload,
    );
  if (typeof value === "string") return value.split(" ");
  return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object";
}

function issuerUnavailable() {
  return fail(
    "IDENTITY_PROVIDER_UNAVAILABLE",
    "The identity provider cannot be asked for the keys that your token is checked with: retry later",
    null,
  );
}
