import { hash } from "node:crypto";
import type { Clock, Monotonic } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Logger } from "../platform/log.ts";
import { createRecentMap } from "../platform/recent-map.ts";
import type { Authenticator } from "../platform/resource/caller.ts";
import { parseBearer } from "./bearer.ts";
import { tokenRefused } from "./errors.ts";
import { hashToken } from "./model.ts";
import { findTokenByHash, type TokenRow, touchToken } from "./queries.ts";

/** How long a token is accepted from memory: a revocation in another process takes effect here within this time. */
const keptMilliseconds = 5_000;
const maxKept = 10_000;

/** 512 characters are more than any token of EOM has. */
const tokenForm = { pattern: /^[A-Za-z0-9._~+/=-]+$/, maxLength: 512 };

interface KnownToken {
  readonly token: TokenRow;
  /** By the monotonic clock: if the machine's clock is set back, a revoked token must not stay valid until it has caught up. */
  readonly until: number;
}

/** Authenticates bearer tokens of EOM. */
export interface TokenAuthenticator extends Authenticator {
  /** To be called when this process has revoked the token: it is refused from now on. */
  forget(tokenId: string): void;
  /** Waits until the last uses of tokens are written. */
  close(): Promise<void>;
}

interface TokenAuthenticatorNeeds {
  readonly db: Database;
  /** For the expiry of tokens. */
  readonly clock: Clock;
  readonly monotonic: Monotonic;
  readonly log: Logger;
}

/** Looks up tokens by their hash, and keeps valid ones in memory for 5 s. Refusals are not kept. */
export function createTokenAuthenticator({ db, clock, monotonic, log }: TokenAuthenticatorNeeds): TokenAuthenticator {
  const known = createRecentMap<string, KnownToken>(maxKept);
  const touches = new Set<Promise<void>>();
  // Counts revocations: a row that was read before one may be of the token that it ended.
  let revocations = 0;

  async function authenticate(headers: Headers) {
    const header = headers.get("authorization");
    if (header === null) return null;
    const row = await findKnown(parseBearer(header, tokenForm));
    return { subject: row.label, principal: `token ${row.id}`, role: row.role, authentication: "token" as const };
  }

  async function findKnown(token: string): Promise<TokenRow> {
    const key = hash("sha256", token, "base64");
    const at = monotonic();
    const entry = known.get(key);
    if (entry !== undefined && entry.until > at && !isExpired(entry.token, clock.now())) return entry.token;
    known.delete(key);
    const seen = revocations;
    const row = await findTokenByHash(db, hashToken(token));
    if (row === undefined) throw tokenRefused();
    if (seen === revocations) known.set(key, { token: row, until: at + keptMilliseconds });
    touch(row.id);
    return row;
  }

  /** Beside the request, which neither waits for it nor fails with it. */
  function touch(tokenId: string): void {
    const touched = touchToken(db, tokenId)
      .catch((error) => log.warn({ err: error }, "the last use of a token could not be written"))
      .finally(() => touches.delete(touched));
    touches.add(touched);
  }

  function forget(tokenId: string): void {
    revocations += 1;
    known.deleteWhere(({ token }) => token.id === tokenId);
  }

  async function close(): Promise<void> {
    await Promise.all(touches);
  }

  return { authenticate, forget, close };
}

function isExpired(token: TokenRow, now: Date): boolean {
  return token.expires_at !== null && token.expires_at <= now;
}

/** For EOM_AUTH=none, which is possible on loopback alone: every caller is an admin. */
export const openAuthenticator: Authenticator = {
  authenticate: async () => ({ subject: "anonymous", principal: "anonymous", role: "admin", authentication: "none" }),
};
