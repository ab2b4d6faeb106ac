import { hash } from "node:crypto";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Logger } from "../platform/log.ts";
import type { Authenticator } from "../platform/resource/caller.ts";
import { tokenRefused } from "./errors.ts";
import { hashToken } from "./model.ts";
import { findTokenByHash, type TokenRow, touchToken } from "./queries.ts";

/** How long a token is honoured from memory: so long may a revocation in another process go unnoticed here. */
const rememberedMilliseconds = 5_000;
const maxRemembered = 10_000;

/** Longer than any token of ours; what is longer is not hashed. */
const maxTokenLength = 512;

interface Remembered {
  readonly token: TokenRow;
  readonly until: number;
}

export interface TokenAuthenticator extends Authenticator {
  forget(tokenId: string): void;
  /** Waits for what is still being written. */
  close(): Promise<void>;
}

/** Bearer tokens, looked up by their hash and remembered for a few seconds. Only valid ones are remembered. */
export function createTokenAuthenticator({
  db,
  clock,
  log,
}: {
  db: Database;
  clock: Clock;
  log: Logger;
}): TokenAuthenticator {
  const remembered = new Map<string, Remembered>();
  const touches = new Set<Promise<void>>();
  // Counts revocations: what was looked up before one may be of the token that it ended.
  let revocations = 0;

  async function authenticate(headers: Headers) {
    const token = parseBearer(headers.get("authorization"));
    if (token === null) return null;
    const row = await findRemembered(token);
    return { subject: row.label, principal: `token ${row.id}`, role: row.role, authentication: "token" as const };
  }

  async function findRemembered(token: string): Promise<TokenRow> {
    const key = hash("sha256", token, "base64");
    const now = clock.now().getTime();
    const known = remembered.get(key);
    if (known !== undefined && known.until > now && !isExpired(known.token, now)) return known.token;
    remembered.delete(key);
    const seen = revocations;
    const row = await findTokenByHash(db, hashToken(token));
    if (row === undefined) throw tokenRefused();
    if (remembered.size >= maxRemembered) remembered.clear();
    if (seen === revocations) remembered.set(key, { token: row, until: now + rememberedMilliseconds });
    touch(row.id);
    return row;
  }

  /** Beside the request: nobody waits for it, and it may fail. */
  function touch(tokenId: string): void {
    const touched = touchToken(db, tokenId)
      .catch((error) => log.warn({ err: error }, "a token's last use could not be written"))
      .finally(() => touches.delete(touched));
    touches.add(touched);
  }

  function forget(tokenId: string): void {
    revocations += 1;
    for (const [key, { token }] of remembered) if (token.id === tokenId) remembered.delete(key);
  }

  async function close(): Promise<void> {
    await Promise.all(touches);
  }

  return { authenticate, forget, close };
}

/** @throws UNAUTHENTICATED for another scheme or a token that cannot be one */
function parseBearer(header: string | null): string | null {
  if (header === null) return null;
  const token = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(header)?.[1];
  if (token === undefined || token.length > maxTokenLength) throw tokenRefused();
  return token;
}

function isExpired(token: TokenRow, now: number): boolean {
  return token.expires_at !== null && token.expires_at.getTime() <= now;
}

/** For EOM_AUTH=none, which is possible on loopback alone: everybody is an admin. */
export const openAuthenticator: Authenticator = {
  authenticate: async () => ({ subject: "anonymous", principal: "anonymous", role: "admin", authentication: "none" }),
};
