import type postgres from "postgres";
import { readConfiguredFile, UnreadableFile } from "../configured-file.ts";
import { type DatabaseHost, type DatabaseTls, parseConnectionString } from "./connection-string.ts";
import { sessionSettings } from "./session-settings.ts";

/** Options of postgres.js for each host that may be used, in the order in which they are tried. */
export type ClientOptions = postgres.Options<Record<string, postgres.PostgresType>>;

/** The hosts of a connection string, and the time that it gives each for a new connection. */
export interface PostgresTarget {
  readonly hosts: readonly ClientOptions[];
  /** Null when the connection string names none. */
  readonly connectSeconds: number | null;
}

/**
 * Turns a connection string into options for one client of postgres.js a host. The driver does not read the string itself: it would
 * send parameters that it does not know as settings, and in place of EOM's own.
 *
 * @param options what is the same for all
 * @throws an Error with a sentence when the string or a file that it names cannot be used
 */
export function toPostgresTarget(text: string, options: ClientOptions): PostgresTarget {
  const parsed = parseConnectionString(text);
  if ("problem" in parsed) throw new Error(`EOM_DATABASE_URL ${parsed.problem}`);
  const { hosts, user, password, database, tls, settings, connectSeconds } = parsed;
  const shared: ClientOptions = {
    ...options,
    ...(user === null ? {} : { user }),
    ...(password === null ? {} : { password }),
    ...(database === null ? {} : { database }),
    ...(tls.isDirect ? { sslnegotiation: "direct" } : {}),
    ssl: toTlsOptions(tls),
    connection: { ...settings, ...sessionSettings },
  };
  return { hosts: hosts.map((host) => ({ ...shared, ...toHostOptions(host) })), connectSeconds };
}

/** Lists, so that the driver looks for no further hosts in them. */
function toHostOptions({ host, port }: DatabaseHost): ClientOptions {
  const isSocket = host.startsWith("/");
  return {
    host: [isSocket ? "localhost" : host] as unknown as string,
    port: [port] as unknown as number,
    ...(isSocket ? { path: `${host}/.s.PGSQL.${port}` } : {}),
  };
}

function toTlsOptions(tls: DatabaseTls): NonNullable<ClientOptions["ssl"]> {
  if (tls.mode === "disable") return false;
  if (tls.mode === "prefer") return "prefer";
  return {
    rejectUnauthorized: tls.mode !== "require",
    // The chain alone: the certificate may be for another name.
    ...(tls.mode === "verify-ca" ? { checkServerIdentity: () => undefined } : {}),
    ...(tls.rootFile === null ? {} : { ca: readPem(tls.rootFile) }),
    ...(tls.certificateFile === null ? {} : { cert: readPem(tls.certificateFile) }),
    ...(tls.keyFile === null ? {} : { key: readPem(tls.keyFile) }),
    ...(tls.keyPassword === null ? {} : { passphrase: tls.keyPassword }),
    ...(tls.minVersion === null ? {} : { minVersion: tls.minVersion }),
    ...(tls.maxVersion === null ? {} : { maxVersion: tls.maxVersion }),
  };
}

function readPem(path: string): string {
  try {
    return readConfiguredFile(path).content.toString();
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    throw new Error(`EOM_DATABASE_URL names ${error.message}: correct the path or the file's permissions`, {
      cause: error,
    });
  }
}
