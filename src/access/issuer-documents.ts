import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { z } from "zod";

const patienceMilliseconds = 5_000;
/** Of a document of the issuer's; keys of real ones take a few kilobytes. */
const maxDocumentBytes = 1024 * 1024;

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url() });
const keysSchema = z.object({ keys: z.array(z.unknown()) });

/** Not the token's fault: the issuer's keys were not had, or are none. The message is for the log and for doctor. */
export class IssuerUnavailable extends Error {}

/**
 * The issuer's keys, found by its own document: OpenID Connect Discovery 1.0, section 4. Takes at most 5 s.
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

/** For `eom doctor`: whether its document and keys can be had. @throws with a sentence that says what to do */
export async function checkIssuer(issuer: string): Promise<string> {
  try {
    const { keys } = await readKeySet(issuer);
    if (keys.length === 0) throw new IssuerUnavailable("its keys are none");
    return `${issuer}, ${keys.length} keys`;
  } catch (error) {
    const reason = toReason(error);
    throw new Error(`${issuer} cannot be used: ${reason}. See that EOM_OIDC_ISSUER is what its tokens have as iss.`);
  }
}

/** What an error says of its cause, in the words of the one that knows. */
export function toReason(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function readKeySet(issuer: string): Promise<z.output<typeof keysSchema>> {
  const signal = AbortSignal.timeout(patienceMilliseconds);
  const { jwks_uri: uri } = await readDiscovery(issuer, signal);
  if (new URL(uri).protocol !== new URL(issuer).protocol)
    throw new IssuerUnavailable("its keys lie behind another protocol");
  const parsed = keysSchema.safeParse(await fetchDocument(uri, signal));
  if (!parsed.success) throw new IssuerUnavailable("its keys are none");
  return parsed.data;
}

async function readDiscovery(issuer: string, signal: AbortSignal): Promise<z.output<typeof discoverySchema>> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const parsed = discoverySchema.safeParse(await fetchDocument(url, signal));
  if (!parsed.success) throw new IssuerUnavailable("its discovery document is none");
  // Section 4.3: who answers must say that it is the one that was asked.
  if (parsed.data.issuer !== issuer) throw new IssuerUnavailable("its discovery document names another issuer");
  return parsed.data;
}

/** Reads no more than a document may have. @throws IssuerUnavailable when there is more, or when it is no JSON */
async function fetchDocument(url: string, signal: AbortSignal): Promise<unknown> {
  try {
    const response = await fetch(url, { redirect: "error", signal });
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of response.body ?? []) {
      bytes += piece.length;
      if (bytes > maxDocumentBytes)
        throw new IssuerUnavailable(`a document of it has more than ${maxDocumentBytes} bytes`);
      pieces.push(piece);
    }
    if (!response.ok) throw new IssuerUnavailable(`it answered ${response.status}`);
    return JSON.parse(Buffer.concat(pieces).toString("utf8"));
  } catch (error) {
    throw new IssuerUnavailable(toReason(error));
  }
}
