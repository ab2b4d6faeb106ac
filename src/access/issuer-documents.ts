import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { BodyTooLarge, readBounded } from "../platform/outbound/read-bounded.ts";

const timeoutMilliseconds = 5_000;
/** Keys of real issuers take a few kilobytes. */
const maxDocumentBytes = 1024 * 1024;

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url() });
const keysSchema = z.object({ keys: z.array(z.unknown()) });

/** The issuer's keys could not be read: no fault of the token. The message is for the log and for `eom doctor`. */
export class IssuerUnavailable extends Error {}

/**
 * Reads the issuer's keys by its discovery document (OpenID Connect Discovery 1.0, section 4). Takes 5 s at most.
 *
 * @throws IssuerUnavailable
 */
export async function readKeys(issuer: string): Promise<JWTVerifyGetKey> {
  try {
    return createLocalJWKSet((await readKeySet(issuer)) as JSONWebKeySet);
  } catch (error) {
    throw error instanceof IssuerUnavailable ? error : new IssuerUnavailable(toReason(error));
  }
}

/**
 * Checks for `eom doctor` that the issuer's document and keys can be read.
 *
 * @throws an Error with a sentence that says what to do
 */
export async function checkIssuer(issuer: string): Promise<string> {
  try {
    const { keys } = await readKeySet(issuer);
    if (keys.length === 0) throw new IssuerUnavailable("it has no keys");
    return `${issuer}, ${keys.length} keys`;
  } catch (error) {
    const reason = toReason(error);
    throw new Error(`${issuer} cannot be used: ${reason}. See that EOM_OIDC_ISSUER is the iss of its tokens.`);
  }
}

/** The message of an error's cause if it has one: fetch says "fetch failed", and its cause says why. */
export function toReason(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function readKeySet(issuer: string): Promise<z.output<typeof keysSchema>> {
  const signal = AbortSignal.timeout(timeoutMilliseconds);
  const { jwks_uri: uri } = await readDiscovery(issuer, signal);
  if (new URL(uri).protocol !== new URL(issuer).protocol)
    throw new IssuerUnavailable("its keys are behind another protocol");
  const parsed = keysSchema.safeParse(await fetchDocument(uri, signal));
  if (!parsed.success) throw new IssuerUnavailable("its document of keys has no list of keys");
  return parsed.data;
}

async function readDiscovery(issuer: string, signal: AbortSignal): Promise<z.output<typeof discoverySchema>> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const parsed = discoverySchema.safeParse(await fetchDocument(url, signal));
  if (!parsed.success) throw new IssuerUnavailable("its discovery document lacks issuer or jwks_uri");
  // Section 4.3: the document must name the issuer that was asked.
  if (parsed.data.issuer !== issuer) throw new IssuerUnavailable("its discovery document names another issuer");
  return parsed.data;
}

/** @throws IssuerUnavailable when the document is too large, or is no JSON, or does not arrive */
async function fetchDocument(url: string, signal: AbortSignal): Promise<unknown> {
  try {
    const response = await fetch(url, { redirect: "error", signal });
    const text = (await readBounded(response.body, maxDocumentBytes)).toString("utf8");
    if (!response.ok) throw new IssuerUnavailable(`it answered ${response.status}`);
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof BodyTooLarge)
      throw new IssuerUnavailable(`a document of it has more than ${maxDocumentBytes} bytes`);
    throw new IssuerUnavailable(toReason(error));
  }
}
