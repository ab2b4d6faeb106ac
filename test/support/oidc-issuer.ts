import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";
// biome-ignore lint/suspicious/noTsIgnore: it has no types, and wants none here
// @ts-ignore
import Provider from "oidc-provider";

export interface OidcIssuer {
  readonly url: string;
  /** A token of a client that asks for it with its secret, as a service would; its roles are what the client was given. */
  askForToken(roles: readonly string[]): Promise<string>;
  /** One that the issuer signs with its present key, of whatever it is told; claims given as undefined are left out. */
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>;
  /** The public half of the present key, as the issuer publishes it. */
  publicKey(): JWK;
  /** From now on with a new key. */
  rotate(): Promise<void>;
  /** Answers everything so instead; null for rightly again. */
  answer(listener: RequestListener | null): void;
  stop(): Promise<void>;
}

export const audience = "https://eom.example";

/** A real OpenID provider on loopback, which can be told to go wrong. */
export async function startOidcIssuer(): Promise<OidcIssuer> {
  let strange: RequestListener | null = null;
  let provider: RequestListener = () => {};
  const server: Server = createServer((request, response) => (strange ?? provider)(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let key = await createKey();
  const open = () => {
    provider = createProvider(url, key.privateJwk).callback();
  };
  open();
  return {
    url,
    async askForToken(roles) {
      const response = await fetch(`${url}/token`, {
        method: "POST",
        headers: { authorization: `Basic ${Buffer.from("orders:a-secret-of-the-client").toString("base64")}` },
        body: new URLSearchParams({ grant_type: "client_credentials", resource: audience, scope: roles.join(" ") }),
      });
      const { access_token: token } = (await response.json()) as { access_token?: string };
      if (token === undefined) throw new Error(`no token: ${response.status}`);
      return token;
    },
    sign(claims, header = {}) {
      const now = Math.floor(Date.now() / 1000);
      const all = { iss: url, aud: audience, sub: "ada", iat: now, exp: now + 600, scope: "admin", ...claims };
      return new SignJWT(all).setProtectedHeader({ alg: "RS256", kid: key.kid, ...header }).sign(key.privateKey);
    },
    publicKey: () => key.publicJwk,
    async rotate() {
      key = await createKey();
      open();
    },
    answer(listener) {
      strange = listener;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function createKey() {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  const kid = crypto.randomUUID();
  const privateJwk = { ...(await exportJWK(privateKey)), kid, alg: "RS256", use: "sig" };
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" };
  return { kid, privateKey, privateJwk, publicJwk };
}

function createProvider(url: string, key: JWK): { callback(): RequestListener } {
  return new Provider(url, {
    jwks: { keys: [key] },
    clients: [
      {
        client_id: "orders",
        client_secret: "a-secret-of-the-client",
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
      },
    ],
    scopes: ["viewer", "meter", "operator", "admin", "nothing"],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: "viewer meter operator admin nothing",
          audience,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  });
}
