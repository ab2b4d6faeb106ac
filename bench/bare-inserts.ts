import { randomBytes, randomUUID } from "node:crypto";
import postgres from "postgres";
import { createId } from "../src/platform/id.ts";
import { readEnvironment } from "./child.ts";
import { runClients } from "./clients.ts";
import type { Turn } from "./rounds.ts";

/** Given to this process by message, answered with a {@link Turn}. */
export interface InsertOrder {
  readonly clients: number;
  readonly milliseconds: number;
}

// The least that leaves the same rows as a create of a storage by EOM: copies of those that EOM wrote for one, with an
// identity of their own, by four INSERTs in one transaction, prepared and pipelined. It believes everything: no HTTP, no
// authentication, no validation, no look at names and places, nothing sealed, no answer.

const sql = postgres(readEnvironment("EOM_DATABASE_URL"), {
  max: Number(readEnvironment("EOM_DATABASE_POOL")),
  types: { bigint: { to: 20, from: [20], serialize: String, parse: Number } },
});
const pattern = { id: readEnvironment("BENCH_PATTERN_ID"), key: readEnvironment("BENCH_PATTERN_KEY") };
const rows = await readPattern();

async function readPattern() {
  const [storage] = await sql`select * from eom_storage where id = ${pattern.id}`;
  const [secret] = await sql`select * from eom_sealed_secret where ref = ${storage?.["credential_ref"]}`;
  const [entry] = await sql`select * from eom_audit where object_id = ${pattern.id}`;
  const [kept] = await sql`select * from eom_idempotency_key order by expires_at desc limit 1`;
  if (storage === undefined || secret === undefined || entry === undefined || kept === undefined) {
    throw new Error(`${pattern.id} was not made by EOM with an Idempotency-Key and its embedded secret store`);
  }
  const { verification_status: _made, ...columns } = storage;
  return { storage: columns, secret, entry, after: JSON.stringify(entry["after"]), kept };
}

async function create(): Promise<void> {
  const id = createId();
  const key = randomUUID();
  const toOwn = (text: string) => text.replaceAll(pattern.id, id).replaceAll(pattern.key, key);
  const named = ["name", "name_key", "search_text", "bucket", "credential_ref"].map((column) => [
    column,
    toOwn(rows.storage[column]),
  ]);
  const storage = { ...rows.storage, id, ...Object.fromEntries(named) };
  const secret = { ...rows.secret, ref: toOwn(rows.secret["ref"]) };
  const entry = {
    ...rows.entry,
    id: createId(),
    object_id: id,
    request_id: randomUUID(),
    after: JSON.parse(toOwn(rows.after)),
  };
  const kept = { ...rows.kept, key_hash: randomBytes(32), claim: createId() };
  await sql.begin((tx) => [
    tx`insert into eom_storage ${tx(storage)}`,
    tx`insert into eom_sealed_secret ${tx(secret)}`,
    tx`insert into eom_audit ${tx(entry)}`,
    tx`insert into eom_idempotency_key ${tx(kept)}`,
  ]);
}

async function run({ clients, milliseconds }: InsertOrder): Promise<Turn> {
  const before = process.cpuUsage();
  const { requests, seconds, ...latencies } = await runClients(clients, milliseconds, create);
  const { user, system } = process.cpuUsage(before);
  return { perSecond: requests / seconds, cpuMicrosecondsEach: (user + system) / requests, ...latencies };
}

process.on("message", async (order: InsertOrder) => process.send?.(await run(order)));
process.on("disconnect", () => void sql.end({ timeout: 1 }));
process.send?.("ready");
