import { hash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import postgres from "postgres";
import { listStorages } from "../src/storages/list.ts";
import { findStorage, type StorageRow } from "../src/storages/queries.ts";
import { toStorage } from "../src/storages/representation.ts";
import { readEnvironment, serveParent } from "./child.ts";
import { captureStatement, type Statement } from "./statements.ts";

// The least that answers the same: node:http and prepared, pipelined statements of postgres.js, in EOM's own words. It
// believes every request: no authentication, no validation, no log, no metrics, no request id, no entity tag, no errors but
// a broken socket.

const sql = postgres(readEnvironment("EOM_DATABASE_URL"), {
  max: Number(readEnvironment("EOM_DATABASE_POOL")),
  types: { bigint: { to: 20, from: [20], serialize: String, parse: Number } },
});

const first = { size: 8, asc: true, sortby: "name" } as const;
const start = { by: "offset", offset: 0 } as const;
const anyId = "00000000-0000-7000-8000-000000000000";
const find = await captureStatement((db) => findStorage(db, anyId));
const listOfCollection = await captureStatement((db) => listStorages(db, { ...first, collection_id: [anyId] }, start));
const listEnabled = await captureStatement((db) => listStorages(db, { ...first, enable: [true] }, start));

type Row = StorageRow & { total: number };

async function answer(url: string): Promise<unknown> {
  const [path = "", search = ""] = url.split("?");
  if (search === "") {
    const [row] = await run(find, [path.slice(path.lastIndexOf("/") + 1)]);
    return row === undefined ? null : toStorage(row);
  }
  if (search === "enable=true") return toList(search, await run(listEnabled, listEnabled.parameters));
  const ids = [search.slice(search.indexOf("=") + 1)];
  const parameters = listOfCollection.parameters.map((value) => (Array.isArray(value) ? ids : value));
  return toList(search, await run(listOfCollection, parameters));
}

function run(statement: Statement, parameters: readonly unknown[]): Promise<Row[]> {
  return sql.unsafe<Row[]>(statement.sql, parameters as string[], { prepare: true });
}

function toList(search: string, rows: readonly Row[]) {
  const total = rows[0]?.total ?? 0;
  const data = rows.slice(0, 8);
  return {
    data: data.map(toStorage),
    page: 0,
    size: 8,
    total: Math.min(total, 10_000),
    total_exact: total <= 10_000,
    next_cursor: rows.length > 8 ? toCursor(search, data.at(-1)) : null,
  };
}

function toCursor(search: string, last: StorageRow | undefined): string {
  const key = [digest(search), last?.name_key, last?.id];
  return Buffer.from(JSON.stringify([...key, digest(JSON.stringify(key))])).toString("base64url");
}

function digest(text: string): string {
  return hash("sha256", text, "base64url").slice(0, 12);
}

const server = createServer(async (request: IncomingMessage, response) => {
  const body = JSON.stringify(await answer(request.url ?? ""));
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const close = async () => {
  server.close();
  server.closeAllConnections();
  await sql.end({ timeout: 1 });
};
serveParent({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close });
