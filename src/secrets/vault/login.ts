import type { z } from "zod";
import { readConfiguredFile, UnreadableFile } from "../../platform/configured-file.ts";
import { findCredentialProblem } from "../../platform/credential-text.ts";
import { authSchema, isSuccess, lookupSchema, type VaultAnswer } from "./answers.ts";
import type { VaultClient } from "./client.ts";
import { VaultFault } from "./fault.ts";
import type { VaultAuth } from "./options.ts";
import type { VaultRequest } from "./request.ts";

/** A token of Vault. Its format has no meaning: Vault and OpenBao differ. */
export interface VaultGrant {
  readonly token: string;
  /** Counted from the request; null when the token never ends or its end is unknown. */
  readonly leaseSeconds: number | null;
  readonly renewable: boolean;
}

/**
 * Logs in. A credential in a file is read anew each time.
 *
 * @throws VaultFault
 */
export async function logIn(client: VaultClient, auth: VaultAuth): Promise<VaultGrant> {
  if (auth.method === "token") {
    return adoptToken(client, "tokenFile" in auth ? readCredentialFile(auth.tokenFile) : auth.token);
  }
  const answer = await client.send(await toLoginRequest(auth));
  if (!isSuccess(answer)) throw new VaultFault("login", answer.summary);
  return toGrant(answer);
}

/**
 * Renews a token.
 *
 * @returns null when Vault no longer renews it, so that another login is needed
 * @throws VaultFault
 */
export async function renew(client: VaultClient, token: string): Promise<VaultGrant | null> {
  const answer = await client.send({ method: "POST", path: "auth/token/renew-self", token, body: {} });
  return isSuccess(answer) ? toGrant(answer) : null;
}

/** Looks up the end of a configured token, so that it is renewed too. Its policy may forbid the look-up. */
async function adoptToken(client: VaultClient, token: string): Promise<VaultGrant> {
  const answer = await client.send({ method: "GET", path: "auth/token/lookup-self", token });
  if (!isSuccess(answer)) return { token, leaseSeconds: null, renewable: false };
  const { ttl, renewable } = parseAnswer(lookupSchema, answer).data;
  return { token, leaseSeconds: ttl === 0 ? null : ttl, renewable };
}

async function toLoginRequest(auth: Exclude<VaultAuth, { method: "token" }>): Promise<VaultRequest> {
  if (auth.method === "kubernetes") {
    const jwt = readCredentialFile(auth.jwtFile);
    return toRequest(auth.mount ?? "kubernetes", { role: auth.role, jwt }, jwt);
  }
  return toRequest(auth.mount ?? "approle", { role_id: auth.roleId, secret_id: auth.secretId }, auth.secretId);
}

function readCredentialFile(path: string): string {
  const credential = readText(path).trim();
  if (credential === "") throw new VaultFault("credential-file", `${path}: empty`);
  const problem = findCredentialProblem(credential, "token");
  if (problem !== null) throw new VaultFault("credential-file", `${path} ${problem}`);
  return credential;
}

/** @throws VaultFault */
function readText(path: string): string {
  try {
    return readConfiguredFile(path).content.toString();
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    throw new VaultFault("credential-file", `${path}: ${error.code ?? error.reason}`);
  }
}

function toRequest(mount: string, body: Record<string, string>, credential: string): VaultRequest {
  const path = `auth/${mount.replace(/^\/+|\/+$/g, "")}/login`;
  return { method: "POST", path, body, confidential: [credential] };
}

function toGrant(answer: VaultAnswer): VaultGrant {
  const { client_token, lease_duration, renewable } = parseAnswer(authSchema, answer).auth;
  return { token: client_token, leaseSeconds: lease_duration === 0 ? null : lease_duration, renewable };
}

function parseAnswer<T>(schema: z.ZodType<T>, answer: VaultAnswer): T {
  const parsed = schema.safeParse(answer.body);
  if (!parsed.success) throw new VaultFault("not-vault", answer.summary);
  return parsed.data;
}
