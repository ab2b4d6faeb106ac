import { generateKeyPairSync, randomBytes, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export type ServiceAccount = { readonly namespace: string; readonly name: string };

export type FakeKubernetes = {
  /** The API server's base URL. */
  readonly host: string;
  /** The bearer token that may request reviews. */
  readonly reviewerToken: string;
  /** A bound token, as in a projected volume, valid for ten minutes. */
  createToken(account: ServiceAccount): string;
  /** As when the pod is deleted: the token is no longer authenticated. */
  revokeToken(token: string): void;
  /** Number of reviews so far. */
  reviews(): number;
  stop(): Promise<void>;
};

/** The part of Kubernetes' API that Vault's Kubernetes login calls, on loopback: `POST …/tokenreviews`. */
export async function startFakeKubernetes(): Promise<FakeKubernetes> {
  const reviewerToken = randomBytes(16).toString("hex");
  const accounts = new Map<string, ServiceAccount & { uid: string }>();
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  let reviewed = 0;

  const review = async (request: IncomingMessage): Promise<[status: number, body: unknown]> => {
    if (request.headers.authorization !== `Bearer ${reviewerToken}`) return [401, toStatus(401, "Unauthorized")];
    if (!request.url?.startsWith("/apis/authentication.k8s.io/v1/tokenreviews"))
      return [404, toStatus(404, "NotFound")];
    reviewed += 1;
    const asked = JSON.parse(await readBody(request)) as { spec: { token: string; audiences?: string[] } };
    return [201, toReview(accounts.get(asked.spec.token), asked.spec.audiences)];
  };
  const server = createServer(async (request, response) => {
    const [status, body] = await review(request);
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    host,
    reviewerToken,
    createToken: (account) => {
      const bound = { ...account, uid: randomUUID() };
      const unsigned = toUnsignedJwt(bound);
      const signature = sign("sha256", Buffer.from(unsigned), { key: privateKey, dsaEncoding: "ieee-p1363" });
      const token = `${unsigned}.${signature.toString("base64url")}`;
      accounts.set(token, bound);
      return token;
    },
    revokeToken: (token) => {
      accounts.delete(token);
    },
    reviews: () => reviewed,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function toUnsignedJwt({ namespace, name, uid }: ServiceAccount & { uid: string }): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: "https://kubernetes.default.svc.cluster.local",
    sub: `system:serviceaccount:${namespace}:${name}`,
    aud: ["vault"],
    iat: now,
    nbf: now,
    exp: now + 600,
    jti: randomUUID(),
    "kubernetes.io": { namespace, serviceaccount: { name, uid } },
  };
  return [{ alg: "ES256", typ: "JWT" }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
}

function toReview(account: (ServiceAccount & { uid: string }) | undefined, audiences: string[] | undefined): unknown {
  const status =
    account === undefined
      ? { authenticated: false, error: "invalid bearer token" }
      : {
          authenticated: true,
          audiences: audiences ?? ["vault"],
          user: {
            username: `system:serviceaccount:${account.namespace}:${account.name}`,
            uid: account.uid,
            groups: ["system:serviceaccounts", `system:serviceaccounts:${account.namespace}`, "system:authenticated"],
          },
        };
  return { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", metadata: {}, spec: {}, status };
}

function toStatus(code: number, reason: string): unknown {
  return { apiVersion: "v1", kind: "Status", status: "Failure", reason, code };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
