import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { invalid } from "../platform/failure.ts";
import { createId } from "../platform/id.ts";
import type { Change } from "../platform/resource/change.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import { recordChange } from "../platform/resource/record-change.ts";
import { requireRow } from "../platform/resource/rows.ts";
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

const pageSize = 100;

interface AccessNeeds {
  readonly db: Database;
  readonly clock: Clock;
  /** Called with the id of a revoked token, so that this process refuses it at once. */
  readonly forget: (tokenId: string) => void;
}

/** As {@link createAccessService} returns it. */
export type AccessService = ReturnType<typeof createAccessService>;

/** The use cases of tokens; each owns its transaction. */
export function createAccessService({ db, clock, forget }: AccessNeeds) {
  /**
   * Creates a token.
   *
   * @returns the only object that ever has the text
   * @throws VALIDATION_ERROR for an expiry that has passed
   */
  async function create(input: CreateToken, change: Change<CreatedToken>): Promise<CreatedToken> {
    if (input.expires_at !== null && input.expires_at <= clock.now())
      throw invalid("/expires_at", "must be a time in the future", "too_small");
    return inTransaction(db, async (tx) => {
      const token = createTokenText();
      const row = { id: createId(), ...input, created: clock.now(), created_by: change.actor.subject };
      await insertToken(tx, { ...row, token_hash: hashToken(token) });
      const after = toToken({ ...row, last_used_at: null });
      const entry = { action: "token.create", kind: "token", id: row.id, before: null, after };
      return recordChange<CreatedToken>(tx, change, { ...entry, result: { ...after, token } });
    });
  }

  function list(query: ListTokens, start: PageStart): Promise<Page<TokenRow>> {
    return listTokens(db, query, start);
  }

  /** @throws TOKEN_NOT_FOUND */
  async function find(id: string): Promise<Token> {
    return toToken(await requireRow(id, (id) => findToken(db, id), tokenNotFound));
  }

  /**
   * Revokes a token. Other processes refuse it when it leaves their memory, within 5 s (authenticate.ts).
   *
   * @throws TOKEN_NOT_FOUND
   */
  async function revoke(id: string, change: Change<void>): Promise<void> {
    await inTransaction(db, async (tx) => {
      const before = toToken(await requireRow(id, (id) => deleteToken(tx, id), tokenNotFound));
      await recordChange<void>(tx, change, {
        action: "token.revoke",
        kind: "token",
        id,
        before,
        after: null,
        result: undefined,
      });
    });
    forget(id);
  }

  /** All tokens, the oldest first, one page in memory at a time. */
  async function* listAll(): AsyncGenerator<Token> {
    let start: PageStart = { by: "offset", offset: 0 };
    for (;;) {
      const { rows } = await listTokens(db, { size: pageSize, asc: true, sortby: "created" }, start);
      const page = rows.slice(0, pageSize);
      yield* page.map(toToken);
      const last = page.at(-1);
      if (rows.length <= pageSize || last === undefined) return;
      start = { by: "key", value: last.created.toISOString(), id: last.id };
    }
  }

  /**
   * Makes `token` an admin's, and deletes the token that EOM_ADMIN_TOKEN fixed before: an operator who changes the variable
   * expects the old token to be refused.
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

/** The token as the API shows it. */
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
