import { type Selectable, type SqlBool, sql } from "kysely";
import { listRows, type SortColumn } from "../platform/database/list.ts";
import { isAll, isSearch } from "../platform/database/list-filters.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import type { ListTokens } from "./model.ts";
import type { TokenTable } from "./tables.ts";

/** A token without its hash, which no answer needs. */
export type TokenRow = Omit<Selectable<TokenTable>, "token_hash">;

const columns = ["id", "label", "role", "expires_at", "last_used_at", "created", "created_by"] as const;

const order: SortColumn = { name: "created", type: "timestamptz" };

/** Inserts a token that has not been used. */
export async function insertToken(
  db: Database,
  token: Omit<TokenRow, "last_used_at"> & { token_hash: Uint8Array },
): Promise<void> {
  await db
    .insertInto("eom_token")
    .values({ ...token, last_used_at: null })
    .execute();
}

/** The token with this hash, if it has not expired by the database's clock. */
export function findTokenByHash(db: Database, hash: Uint8Array): Promise<TokenRow | undefined> {
  return db
    .selectFrom("eom_token")
    .select(columns)
    .where("token_hash", "=", hash)
    .where(sql<SqlBool>`(expires_at is null or expires_at > now())`)
    .executeTakeFirst();
}

/** Records a use at most once a minute, so that a busy token does not write its row at every request. */
export async function touchToken(db: Database, id: string): Promise<void> {
  await sql`update eom_token set last_used_at = now()
    where id = ${id} and (last_used_at is null or last_used_at < now() - interval '1 minute')`.execute(db);
}

/** One page and the total. */
export function listTokens(db: Database, query: ListTokens, start: PageStart): Promise<Page<TokenRow>> {
  return listRows<TokenRow>(db, {
    table: "eom_token",
    columns: sql.join(columns.map((column) => sql.ref(`eom_token.${column}`))),
    sort: order,
    filter: isAll(query.ids === undefined ? [] : [sql`id = any(${query.ids}::uuid[])`]),
    isSearch: isSearch(query),
    query,
    start,
  });
}

/** The token with this id, expired or not. */
export function findToken(db: Database, id: string): Promise<TokenRow | undefined> {
  return db.selectFrom("eom_token").select(columns).where("id", "=", id).executeTakeFirst();
}

/** @returns the deleted token */
export function deleteToken(tx: DatabaseTransaction, id: string): Promise<TokenRow | undefined> {
  return tx.deleteFrom("eom_token").where("id", "=", id).returning(columns).executeTakeFirst();
}

/** Whether there is any token, expired ones included: the first start creates one if not. */
export async function hasAnyToken(db: Database): Promise<boolean> {
  return (await db.selectFrom("eom_token").select("id").limit(1).executeTakeFirst()) !== undefined;
}

/** `created_by` of the token that the environment fixes. */
const fixedBy = "EOM_ADMIN_TOKEN";

/** Deletes the tokens that the environment fixed before, except the one with this hash. */
export async function deleteFixedTokens(tx: DatabaseTransaction, exceptHash: Uint8Array): Promise<void> {
  await tx.deleteFrom("eom_token").where("created_by", "=", fixedBy).where("token_hash", "!=", exceptHash).execute();
}

/**
 * Inserts the token that the environment fixes, or makes an existing token it. Several processes may do so at once, as
 * when they start together.
 */
export async function fixToken(
  tx: DatabaseTransaction,
  token: Pick<TokenRow, "id" | "label" | "role" | "created"> & { token_hash: Uint8Array },
): Promise<void> {
  await tx
    .insertInto("eom_token")
    .values({ ...token, created_by: fixedBy, expires_at: null, last_used_at: null })
    .onConflict((conflict) =>
      conflict
        .column("token_hash")
        .doUpdateSet({ label: token.label, role: token.role, created_by: fixedBy, expires_at: null }),
    )
    .execute();
}
