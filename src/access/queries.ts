import { type Selectable, type SqlBool, sql } from "kysely";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { maxExactTotal, type Page, type PageStart } from "../platform/resource/paging.ts";
import type { ListTokens } from "./model.ts";
import type { TokenTable } from "./tables.ts";

export type TokenRow = Omit<Selectable<TokenTable>, "token_hash">;

const columns = ["id", "label", "role", "expires_at", "last_used_at", "created", "created_by"] as const;

export async function insertToken(
  db: Database,
  token: Omit<TokenRow, "last_used_at"> & { token_hash: Uint8Array },
): Promise<void> {
  await db
    .insertInto("eom_token")
    .values({ ...token, last_used_at: null })
    .execute();
}

/** By the hash, if it has not expired by the database's clock. */
export function findTokenByHash(db: Database, hash: Uint8Array): Promise<TokenRow | undefined> {
  return db
    .selectFrom("eom_token")
    .select(columns)
    .where("token_hash", "=", hash)
    .where(sql<SqlBool>`(expires_at is null or expires_at > now())`)
    .executeTakeFirst();
}

/** At most once a minute for a token, so that a busy one does not write its row at every request. */
export async function touchToken(db: Database, id: string): Promise<void> {
  await sql`update eom_token set last_used_at = now()
    where id = ${id} and (last_used_at is null or last_used_at < now() - interval '1 minute')`.execute(db);
}

export async function listTokens(db: Database, query: ListTokens, start: PageStart): Promise<Page<TokenRow>> {
  const direction = query.asc ? "asc" : "desc";
  const matching = db
    .selectFrom("eom_token")
    .$if(query.ids !== undefined, (rows) => rows.where("id", "in", query.ids ?? []));
  const sign = sql.raw(query.asc ? ">" : "<");
  const page = matching
    .select(columns)
    .$if(start.by === "key", (rows) =>
      start.by === "key"
        ? rows.where(sql<SqlBool>`(created, id) ${sign} (${start.value}::text::timestamptz, ${start.id}::uuid)`)
        : rows,
    )
    .$if(start.by === "offset", (rows) => rows.offset(start.by === "offset" ? start.offset : 0))
    .orderBy("created", direction)
    .orderBy("id", direction)
    .limit(query.size + 1);
  const counted = db
    .selectFrom(
      matching
        .select(sql`1`.as("one"))
        .limit(maxExactTotal + 1)
        .as("counted"),
    )
    .select((eb) => eb.fn.countAll<number>().as("total"));
  const [rows, { total }] = await Promise.all([page.execute(), counted.executeTakeFirstOrThrow()]);
  return { rows, total };
}

export function findToken(db: Database, id: string): Promise<TokenRow | undefined> {
  return db.selectFrom("eom_token").select(columns).where("id", "=", id).executeTakeFirst();
}

export function deleteToken(tx: DatabaseTransaction, id: string): Promise<TokenRow | undefined> {
  return tx.deleteFrom("eom_token").where("id", "=", id).returning(columns).executeTakeFirst();
}

export async function hasAnyToken(db: Database): Promise<boolean> {
  return (await db.selectFrom("eom_token").select("id").limit(1).executeTakeFirst()) !== undefined;
}

/** Who made a token that the environment fixes. */
export const fixedBy = "EOM_ADMIN_TOKEN";

export async function deleteFixedTokens(tx: DatabaseTransaction, exceptHash: Uint8Array): Promise<void> {
  await tx.deleteFrom("eom_token").where("created_by", "=", fixedBy).where("token_hash", "!=", exceptHash).execute();
}

/** Whatever the token was before. Several processes may do so at once, as when they start together. */
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
