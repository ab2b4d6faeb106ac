import { connect, type Socket } from "node:net";
import type { PostgresJSReservedSql, PostgresJSSql } from "kysely-postgres-js";
import postgres from "postgres";
import { unfitEncoding } from "./faults.ts";
import type { ClientOptions } from "./postgres-client.ts";

/*
 * Each client of postgres.js has one connection; this pool lends them. The `reserve()` of postgres.js does not survive the
 * loss of the database (3.4.9, each measured):
 *
 * - A connection that closes while it is reserved goes back into the pool dead; the next statement on it is an uncaught
 *   exception.
 * - A waiting caller never gets a connection if a connect fails meanwhile.
 * - A server that accepts connections and closes them is connected to again without end.
 *
 * So a client connects once. When its connection is lost, the client is thrown away. Its borrower gets an error for every
 * statement until it gives the connection back, so that the rest of a transaction never runs outside of it. The next loan
 * begins with a new client.
 */

interface Link {
  readonly client: postgres.Sql;
  /** Closes the socket as well: a server that is gone never would. */
  drop(): Promise<void>;
}

/** A place in the pool, with or without a connection. */
interface Place {
  link: Link | null;
}

/** The bounds of a pool. */
export interface PoolLimits {
  /** Connections at most. */
  readonly size: number;
  /** Until a new connection is ready for statements. */
  readonly connectSeconds: number;
  /** For one statement. Longer than the server's own statement_timeout, so that it ends only statements of a lost server. */
  readonly answerSeconds: number;
}

/** read_only_sql_transaction. */
const readOnlyState = "25006";

/**
 * A pool for Kysely's postgres.js dialect. It rejects with the codes that faults.ts knows.
 *
 * @param hosts at least one; a new connection tries them in turn, beginning with the one that answered last
 */
export function createPostgresPool(
  hosts: readonly ClientOptions[],
  { size, connectSeconds, answerSeconds }: PoolLimits,
): PostgresJSSql {
  const places: Place[] = Array.from({ length: size }, () => ({ link: null }));
  // The connection used last is lent first, so that a quiet process uses few.
  const free = [...places];
  const waiting: PromiseWithResolvers<Place>[] = [];
  let isEnded = false;
  let allFree: PromiseWithResolvers<void> | null = null;
  let lastHost = 0;

  async function reserve(): Promise<PostgresJSReservedSql> {
    if (isEnded) throw toLoss("CONNECTION_ENDED", "the pool was closed");
    const place = free.pop() ?? (await wait());
    try {
      return lend(place, place.link ?? (await open(place)));
    } catch (error) {
      // Waiting callers would meet the same fault.
      for (const other of waiting.splice(0)) other.reject(error);
      giveBack(place);
      throw error;
    }
  }

  function wait(): Promise<Place> {
    const turn = Promise.withResolvers<Place>();
    waiting.push(turn);
    return turn.promise;
  }

  async function open(place: Place): Promise<Link> {
    const faults: unknown[] = [];
    for (let turn = 0; turn < hosts.length; turn += 1) {
      const host = (lastHost + turn) % hosts.length;
      try {
        const link = await openOn(hosts[host] ?? {}, place);
        lastHost = host;
        return link;
      } catch (error) {
        faults.push(error);
      }
    }
    throw faults[0];
  }

  async function openOn(options: ClientOptions, place: Place): Promise<Link> {
    const link = createLink({ ...options, connect_timeout: connectSeconds }, () => {
      if (place.link === link) place.link = null;
    });
    const [server] = await answerOrDrop(connectSeconds + 1, link, link.client.unsafe(firstStatement));
    const fault = server === undefined ? null : findUnfitness(server as unknown as ServerFacts, hosts.length > 1);
    if (fault !== null) {
      await link.drop();
      throw fault;
    }
    place.link = link;
    return link;
  }

  function lend(place: Place, link: Link): PostgresJSReservedSql {
    let isReleased = false;
    const run = async (text: string, parameters?: never[], queryOptions?: postgres.UnsafeQueryOptions) => {
      if (place.link !== link) throw toLoss("CONNECTION_CLOSED", "the connection was lost");
      return answerOrDrop(answerSeconds, link, link.client.unsafe(text, parameters, queryOptions));
    };
    // A server that loses the connection rolls back by itself. Kysely 0.29.9 must not see that this statement failed: with
    // a connection that is not of node-postgres it then throws a TypeError in place of the first error.
    const rollBack = async (text: string) => {
      try {
        return await run(text);
      } catch {
        await link.drop();
        return Object.assign([], { command: "ROLLBACK", count: 0 });
      }
    };
    return {
      // Kysely only awaits it. The other methods of a pending query are for statements that are aborted, and none is.
      unsafe: (text, parameters, queryOptions) =>
        (text === "rollback" ? rollBack(text) : run(text, parameters as never[], queryOptions)) as never,
      release() {
        if (!isReleased) giveBack(place);
        isReleased = true;
      },
    };
  }

  function giveBack(place: Place): void {
    const next = waiting.shift();
    if (next !== undefined) next.resolve(place);
    else free.push(place);
    if (free.length === size) allFree?.resolve();
  }

  /** Waits `timeout` seconds for connections on loan, then closes them too. */
  async function end({ timeout = 0 }: { timeout?: number } = {}): Promise<void> {
    isEnded = true;
    for (const other of waiting.splice(0)) other.reject(toLoss("CONNECTION_ENDED", "the pool was closed"));
    allFree ??= Promise.withResolvers<void>();
    if (free.length === size) allFree.resolve();
    const late = setTimeout(allFree.resolve, timeout * 1000);
    await allFree.promise;
    clearTimeout(late);
    await Promise.all(places.map(({ link }) => link?.drop()));
  }

  return { options: { max: size }, reserve, end };
}

interface ServerFacts {
  readonly encoding: string;
  readonly read_only: string;
}

/** transaction_timeout (PostgreSQL 17) cannot be among the settings that start a connection: an older server would refuse it. */
const firstStatement = `
  select current_setting('server_encoding') as encoding, current_setting('transaction_read_only') as read_only,
    case when current_setting('server_version_num')::int >= 170000 then set_config('transaction_timeout', '0', false) end`;

/** As in libpq, a standby among several hosts is passed over. A single host is used as it is, for it may accept writes later. */
function findUnfitness({ encoding, read_only }: ServerFacts, hasOthers: boolean): Error | null {
  if (encoding !== "UTF8")
    return toLoss(
      unfitEncoding,
      `the encoding of the database is ${encoding}, and EOM needs UTF8: create another by "create database … encoding 'UTF8' template template0", and name it in EOM_DATABASE_URL`,
    );
  if (hasOthers && read_only === "on") return toLoss(readOnlyState, "the server is read-only");
  return null;
}

/**
 * Waits for the answer of the server. Drops the connection when no answer comes in time, because a lost server may be silent
 * for long, and after every fault that is no answer of the server: until its socket is closed, postgres.js accepts
 * statements that never end. A server that has become read-only is left too, for another host may be the primary now.
 */
async function answerOrDrop<T>(seconds: number, link: Link, query: PromiseLike<T>): Promise<T> {
  const late = setTimeout(() => void link.drop(), seconds * 1000);
  try {
    return await query;
  } catch (error) {
    if (!(error instanceof postgres.PostgresError) || error.severity === "FATAL" || error.code === readOnlyState)
      await link.drop();
    throw isSystemError(error) ? toLoss("CONNECTION_LOST", error.message, error) : error;
  } finally {
    clearTimeout(late);
  }
}

/**
 * A client with one connection, made at its first statement. A second connect, by which postgres.js would reconnect by
 * itself, is refused.
 */
function createLink(options: ClientOptions, onLost: () => void): Link {
  let socket: Socket | null = null;
  const connectOnce = async ({ host, port, path }: { host: string[]; port: number[]; path: string | false }) => {
    if (socket !== null) throw toLoss("CONNECTION_CLOSED", "the server closed the connection before it was ready");
    const [name = "localhost"] = host;
    // TLS compares the certificate with the name `host`.
    const opened = Object.assign(path ? connect({ path }) : connect({ host: name, port: port[0] ?? 5432 }), {
      host: name,
    });
    socket = opened.on("error", onLost);
    return opened;
  };
  // postgres.js has the option `socket`, and its types do not.
  const all = { ...options, max: 1, max_lifetime: null, socket: connectOnce, onclose: onLost };
  const client = postgres(all as typeof options);
  const close = async () => {
    onLost();
    await client.end({ timeout: 0 });
    socket?.destroySoon();
  };
  let dropped: Promise<void> | null = null;
  // Every statement under way calls it.
  const drop = () => (dropped ??= close());
  return { client, drop };
}

/** Faults of sockets and streams, which get a code of the database: no other socket's fault may be taken for one. */
function isSystemError(error: unknown): error is Error {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return "syscall" in error || error instanceof AggregateError || String(error.code).startsWith("ERR_STREAM");
}

function toLoss(code: string, reason: string, cause?: Error): Error {
  return Object.assign(new Error(`PostgreSQL: ${reason}`, { cause }), { code });
}
