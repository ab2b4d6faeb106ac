import { recordAudit } from "../platform/audit/record.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { invalid } from "../platform/failure.ts";
import { createId, isUuid } from "../platform/id.ts";
import type { Change } from "../platform/resource/change.ts";
import { type Page, type PageStart, parsePageStart } from "../platform/resource/paging.ts";
import { tokenNotFound } from "./errors.ts";
import {
  type CreatedToken,
  type CreateToken,
  createTokenText,
  hashToken,
  type ListTokens,
  type Token,
} from "./model.ts";
import {
  deleteFixedTokens,
  deleteToken,
  findToken,
  fixToken,
  hasAnyToken,
  insertToken,
  listTokens,
  type TokenRow,
} from "./queries.ts";

interface AccessNeeds {
  readonly db: Database;
  readonly clock: Clock;
  /** Told of a revoked token, so that this process stops honouring it at once. */
  readonly forget: (tokenId: string) => void;
}

export type AccessService = ReturnType<typeof createAccessService>;

export function createAccessService({ db, clock, forget }: AccessNeeds) {
  /** @throws VALIDATION_ERROR for an expiry that has passed */
  async function create(
    input: CreateToken,
    { actor, beforeCommit }: Change<CreatedToken>,
    token = createTokenText(),
  ): Promise<CreatedToken> {
    if (input.expires_at !== null && input.expires_at <= clock.now())
      throw invalid("/expires_at", "wants a time to come", "too_small");
    return inTransaction(db, async (tx) => {
      const row = { id: createId(), ...input, created: clock.now(), created_by: actor.subject };
      await insertToken(tx, { ...row, token_hash: hashToken(token) });
      const told = toToken({ ...row, last_used_at: null });
      await recordAudit(tx, {
        actor,
        action: "token.create",
        kind: "token",
        objectId: row.id,
        before: null,
        after: told,
      });
      const created = { ...told, token };
      await beforeCommit(tx, created);
      return created;
    });
  }

  function list(query: ListTokens): Promise<Page<TokenRow>> {
    return listTokens(db, query, parsePageStart(query));
  }

  /** @throws TOKEN_NOT_FOUND */
  async function find(id: string): Promise<Token> {
    const row = isUuid(id) ? await findToken(db, id) : undefined;
    if (row === undefined) throw tokenNotFound(id);
    return toToken(row);
  }

  /** Other processes stop honouring the token when what they remember of it runs out (authenticate.ts). @throws TOKEN_NOT_FOUND */
  async function revoke(id: string, { actor }: Pick<Change<never>, "actor">): Promise<void> {
    if (!isUuid(id)) throw tokenNotFound(id);
    await inTransaction(db, async (tx) => {
      const row = await deleteToken(tx, id);
      if (row === undefined) throw tokenNotFound(id);
      await recordAudit(tx, {
        actor,
        action: "token.revoke",
        kind: "token",
        objectId: id,
        before: toToken(row),
        after: null,
      });
    });
    forget(id);
  }

  /** Every token, the oldest first, one page in memory at a time. */
  async function* listAll(): AsyncGenerator<Token> {
    let start: PageStart = { by: "offset", offset: 0 };
    for (;;) {
      const { rows } = await listTokens(db, { size: 100, asc: true, sortby: "created" }, start);
      const page = rows.slice(0, 100);
      yield* page.map(toToken);
      const last = page.at(-1);
      if (rows.length <= 100 || last === undefined) return;
      start = { by: "key", value: last.created.toISOString(), id: last.id };
    }
  }

  /**
   * Makes `token` an admin's, and revokes the one that was fixed before it: who changes EOM_ADMIN_TOKEN wants the old one
   * to be worth nothing.
   */
  async function fixAdminToken(token: string): Promise<void> {
    const hash = hashToken(token);
    await inTransaction(db, async (tx) => {
      await deleteFixedTokens(tx, hash);
      await fixToken(tx, { id: createId(), label: "admin", role: "admin", created: clock.now(), token_hash: hash });
    });
  }

  return { create, list, find, revoke, listAll, fixAdminToken, hasTokens: () => hasAnyToken(db) };
}

export function toToken(row: TokenRow): Token {
  return {
    id: row.id,
    label: row.label,
    role: row.role,
    expires_at: row.expires_at?.toISOString() ?? null,
    last_used_at: row.last_used_at?.toISOString() ?? null,
    created: row.created.toISOString(),
    created_by: row.created_by,
  };
}
