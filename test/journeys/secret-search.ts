import { sql } from "kysely";
import type { Database } from "../../src/platform/database/tables.ts";

/** Secrets by name: a failing test prints names alone. */
export type Secrets = Readonly<Record<string, string>>;

/** The complete text of each place, by the place's name. */
export type Places = Readonly<Record<string, readonly (string | Buffer)[]>>;

/** Lists each secret that is in a place once, as `<place>: <name>, <form>`. */
export function findSecrets(secrets: Secrets, places: Places): string[] {
  const forms = Object.entries(secrets).flatMap(([name, value]) =>
    Object.entries(listForms(value)).map(([form, bytes]) => ({ name: `${name}, ${form}`, bytes })),
  );
  return Object.entries(places).flatMap(([place, pieces]) => {
    const text = Buffer.concat(pieces.flatMap((piece) => [Buffer.from(piece as string), Buffer.from("\n")]));
    return forms.filter(({ bytes }) => text.includes(bytes)).map(({ name }) => `${place}: ${name}`);
  });
}

/** The forms of a text in JSON, URLs, headers, dumps and tokens. */
function listForms(secret: string): Record<string, Buffer> {
  const bytes = Buffer.from(secret);
  const forms: Record<string, string> = {
    clear: secret,
    "in JSON": JSON.stringify(secret).slice(1, -1),
    "in JSON in JSON": JSON.stringify(JSON.stringify(secret)).slice(3, -3),
    "URL-encoded": encodeURIComponent(secret),
    "form-encoded": new URLSearchParams([["", secret]]).toString().slice(1),
    // As PostgreSQL prints bytea.
    hex: bytes.toString("hex"),
    "upper hex": bytes.toString("hex").toUpperCase(),
  };
  for (const encoding of ["base64", "base64url"] as const) {
    for (const before of [0, 1, 2]) forms[`${encoding} after ${before} bytes`] = encodeAfter(bytes, before, encoding);
  }
  return Object.fromEntries(Object.entries(forms).map(([form, text]) => [form, Buffer.from(text)]));
}

/** The part of a text's base64 that does not depend on the bytes before it (their count modulo 3) and after it. */
function encodeAfter(bytes: Buffer, before: number, encoding: "base64" | "base64url"): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString(encoding);
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
}

/** Every row of every table that is not PostgreSQL's own, as text, by the table's name. */
export async function dumpTables(db: Database): Promise<Record<string, string[]>> {
  const { rows } = await sql<{ schema: string; name: string }>`
    select table_schema as schema, table_name as name from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`.execute(db);
  const dump: Record<string, string[]> = {};
  for (const { schema, name } of rows) {
    const table = sql.table(`${schema}.${name}`);
    const result = await sql<{ line: string }>`select t::text as line from ${table} as t`.execute(db);
    dump[`table ${name}`] = result.rows.map(({ line }) => line);
  }
  return dump;
}
