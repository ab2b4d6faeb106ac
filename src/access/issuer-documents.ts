import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { toErrorCode } from "../platform/error-code.ts";
import { exchangeWithin, type WholeAnswer } from "../platform/outbound/exchange-within.ts";
import { BodyTooLarge } from "../platform/outbound/read-bounded.ts";
import { parseJson } from "../platform/parse-json.ts";

/** For both documents together: a caller waits for it. */
const documentsSeconds = 5;
/** A discovery document of Keycloak 26 has 7 KB, of Microsoft Entra 2 KB. */
const maxDiscoveryBytes = 64 * 1024;
/** Microsoft Entra's keys have 20 KB, because each key has a chain of certificates. */
const maxKeysBytes = 256 * 1024;

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url() });
const keysSchema = z.object({ keys: z.array(z.unknown()) });

/** The issuer's keys could not be read: no fault of the token. The message is for the log and for `eom doctor`. */
export class IssuerUnavailable extends Error {}

/**
 * Reads the issuer's keys by its discovery document (OpenID Connect Discovery 1.0, section 4).
 *
 * @param seconds for everything; 5 unless given
 * @throws IssuerUnavailable
 */
export async function readKeys(issuer: string, seconds = documentsSeconds): Promise<JWTVerifyGetKey> {
  const keySet = await readKeySet(issuer, seconds);
  try {
    return createLocalJWKSet(keySet as JSONWebKeySet);
  } catch {
    throw new IssuerUnavailable("its document of keys is malformed");
  }
}

/**
 * Checks for `eom doctor` that the issuer's document and keys can be read.
 *
 * @param seconds for everything; 5 unless given
 * @throws an Error with a sentence that says what to do
 */
export async function checkIssuer(issuer: string, seconds = documentsSeconds): Promise<string> {
  try {
    const { keys } = await readKeySet(issuer, seconds);
    if (keys.length === 0) throw new IssuerUnavailable("it has no keys");
    return `${issuer}, ${keys.length} keys`;
  } catch (error) {
    const reason = error instanceof IssuerUnavailable ? error.message : toErrorCode(error);
    throw new Error(`${issuer} cannot be used: ${reason}. See that EOM_OIDC_ISSUER is the iss of its tokens.`);
  }
}

/** Loads undici on first use: most deployments have no identity provider. */
const loadTransport = async () => {
  const [{ fetch }, { createFetchAgent }] = await Promise.all([
    import("undici"),
    import("../platform/outbound/fetch-agent.ts"),
  ]);
  return { fetch, createFetchAgent };
};

/** Fetches one document of the issuer, with a limit of its own for its bytes. */
type Fetch = (url: string, maxBytes: number) => Promise<unknown>;

/** @throws IssuerUnavailable */
async function readKeySet(issuer: string, seconds: number): Promise<z.output<typeof keysSchema>> {
  const { fetch, createFetchAgent } = await loadTransport();
  const agent = createFetchAgent({ connectSeconds: seconds });
  const endsAt = performance.now() + seconds * 1000;
  const onLate = () => {
    throw new IssuerUnavailable(`it gave no answer within ${seconds} s`);
  };
  try {
    return await readKeySetBy(issuer, (url, maxBytes) => {
      const limits = { seconds: (endsAt - performance.now()) / 1000, maxBytes, onLate };
      const answer = exchangeWithin(limits, (options) => fetch(url, { ...options, dispatcher: agent.dispatcher }));
      return parseDocument(answer, maxBytes);
    });
  } finally {
    // The keys are read every ten minutes.
    await agent.destroy();
  }
}

async function readKeySetBy(issuer: string, fetchDocument: Fetch): Promise<z.output<typeof keysSchema>> {
  const { jwks_uri: uri } = await readDiscovery(issuer, fetchDocument);
  if (new URL(uri).protocol !== new URL(issuer).protocol)
    throw new IssuerUnavailable("its keys are behind another protocol");
  const parsed = keysSchema.safeParse(await fetchDocument(uri, maxKeysBytes));
  if (!parsed.success) throw new IssuerUnavailable("its document of keys has no list of keys");
  return parsed.data;
}

async function readDiscovery(issuer: string, fetchDocument: Fetch): Promise<z.output<typeof discoverySchema>> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const parsed = discoverySchema.safeParse(await fetchDocument(url, maxDiscoveryBytes));
  if (!parsed.success) throw new IssuerUnavailable("its discovery document lacks issuer or jwks_uri");
  // Section 4.3: the document must name the issuer that was asked.
  if (parsed.data.issuer !== issuer) throw new IssuerUnavailable("its discovery document names another issuer");
  return parsed.data;
}

/** @throws IssuerUnavailable when the document is too large, is no JSON, or does not arrive */
async function parseDocument(answer: Promise<WholeAnswer>, maxBytes: number): Promise<unknown> {
  const { status, text } = await answer.catch((error: unknown) => {
    throw toUnavailable(error, maxBytes);
  });
  if (status < 200 || status >= 300) throw new IssuerUnavailable(`it answered ${status}`);
  const document = parseJson(text);
  if (document === undefined) throw new IssuerUnavailable("a document of it is no JSON");
  return document;
}

/** Drops the error itself: its words may quote what the issuer sent. */
function toUnavailable(error: unknown, maxBytes: number): IssuerUnavailable {
  if (error instanceof IssuerUnavailable) return error;
  if (error instanceof BodyTooLarge) return new IssuerUnavailable(`a document of it has more than ${maxBytes} bytes`);
  return new IssuerUnavailable(`it cannot be reached (${toErrorCode(error)})`);
}
