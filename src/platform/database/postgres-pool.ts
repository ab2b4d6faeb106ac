import { connect, type Socket } from "node:net";
import type { PostgresJSReservedSql, PostgresJSSql } from "kysely-postgres-js";
import postgres from "postgres";

/*
 * postgres.js speaks with one connection each; which connection is whose turn is decided here. Its own `reserve()` does not
 * survive the loss of the database (3.4.9, each measured): a connection that closes while it is reserved goes back into its
 * pool dead, and the next statement on it is an uncaught exception; one that is waited for when a connect fails is later
 * given to nobody; and a server that takes connections and closes them is asked again without end.
 *
 * So a client of postgres.js connects once. When its connection is lost it is thrown away, whoever has it on loan gets an
 * error for every statement until it is given back, and the next loan begins with a new one: the rest of a transaction
 * never runs outside of it.
 */

interface Link {
  readonly client: postgres.Sql;
  /** Closes the socket as well: a server that is gone never would. */
  drop(): Promise<void>;
}

/** A connection, or the place for one. */
interface Place {
  link: Link | null;
}

export interface PoolLimits {
  readonly size: number;
  /** For a connection to be ready for statements. */
  readonly connectSeconds: number;
  /** For one statement; longer than the server's own statement_timeout, so it ends those of a server that is gone. */
  readonly answerSeconds: number;
}

/** A pool for Kysely's postgres.js dialect. Errors are those of faults.ts. */
export function createPostgresPool(
  url: string,
  options: postgres.Options<Record<string, postgres.PostgresType>>,
  { size, connectSeconds, answerSeconds }: PoolLimits,
): PostgresJSSql {
  const places: Place[] = Array.from({ length: size }, () => ({ link: null }));
  // The one used last is taken first: few connections serve a quiet process.
  const free = [...places];
  const waiting: PromiseWithResolvers<Place>[] = [];
  let isEnded = false;
  let allFree: PromiseWithResolvers<void> | null = null;
  let attempts = 0;

  async function reserve(): Promise<PostgresJSReservedSql> {
    if (isEnded) throw toLoss("CONNECTION_ENDED", "the pool was closed");
    const place = free.pop() ?? (await wait());
    try {
      return lend(place, place.link ?? (await open(place)));
    } catch (error) {
      // Those who wait for a connection would wait for the same.
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
    attempts += 1;
    const link = createLink(url, { ...options, connect_timeout: connectSeconds }, attempts, () => {
      if (place.link === link) place.link = null;
    });
    await within(connectSeconds + 1, link, link.client.unsafe("select 1"));
    place.link = link;
    return link;
  }

  function lend(place: Place, link: Link): PostgresJSReservedSql {
    let isReleased = false;
    const run = async (text: string, parameters?: never[], queryOptions?: postgres.UnsafeQueryOptions) => {
      if (place.link !== link) throw toLoss("CONNECTION_CLOSED", "the connection was lost");
      return within(answerSeconds, link, link.client.unsafe(text, parameters, queryOptions));
    };
    // Without its connection, the server rolls back by itself. Kysely 0.29.9 must not learn that this statement failed:
    // with a connection that is none of node-postgres it then throws a TypeError in place of the first error.
    const rollBack = async (text: string) => {
      try {
        return await run(text);
      } catch {
        await link.drop();
        return Object.assign([], { command: "ROLLBACK", count: 0 });
      }
    };
    return {
      // Kysely awaits it. What a pending query of postgres.js has besides is for statements that are aborted: none is.
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

  /** Waits `timeout` seconds for what is on loan, then closes it all the same. */
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

/**
 * Waits for the answer. Gives the connection up when none comes, since a server that is gone may say nothing for long, and
 * after every fault that is no answer of the server: until its socket is closed, postgres.js takes statements that it will
 * never end.
 */
async function within<T>(seconds: number, link: Link, query: PromiseLike<T>): Promise<T> {
  const late = setTimeout(() => void link.drop(), seconds * 1000);
  try {
    return await query;
  } catch (error) {
    if (!(error instanceof postgres.PostgresError) || error.severity === "FATAL") await link.drop();
    throw isSystemError(error) ? toLoss("CONNECTION_LOST", error.message, error) : error;
  } finally {
    clearTimeout(late);
  }
}

/**
 * A client of one connection, which it makes at its first statement. A second one, which is postgres.js reconnecting by
 * itself, is refused. Of several hosts, each attempt takes the next one.
 */
function createLink(
  url: string,
  options: postgres.Options<Record<string, postgres.PostgresType>>,
  attempt: number,
  onLost: () => void,
): Link {
  let socket: Socket | null = null;
  const connectOnce = async ({ host, port, path }: { host: string[]; port: number[]; path: string | false }) => {
    if (socket !== null) throw toLoss("CONNECTION_CLOSED", "the server closed the connection before it was ready");
    const turn = attempt % host.length;
    const name = host[turn] ?? "localhost";
    // TLS takes the name that the certificate must be for from here.
    const opened = Object.assign(path ? connect({ path }) : connect({ host: name, port: port[turn] ?? 5432 }), {
      host: name,
    });
    socket = opened.on("error", onLost);
    return opened;
  };
  // `socket` is known to postgres.js and not to its types.
  const all = { ...options, max: 1, max_lifetime: null, socket: connectOnce, onclose: onLost };
  const client = postgres(url, all as typeof options);
  const close = async () => {
    onLost();
    await client.end({ timeout: 0 });
    socket?.destroySoon();
  };
  let dropped: Promise<void> | null = null;
  // Each of the statements under way asks for it.
  const drop = () => (dropped ??= close());
  return { client, drop };
}

/** As everywhere in Node; told by a code of the database, so that no other socket's fault is taken for one of it. */
function isSystemError(error: unknown): error is Error {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return "syscall" in error || error instanceof AggregateError || String(error.code).startsWith("ERR_STREAM");
}

function toLoss(code: string, reason: string, cause?: Error): Error {
  return Object.assign(new Error(`PostgreSQL: ${reason}`, { cause }), { code });
}
