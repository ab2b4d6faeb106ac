/** How EOM treats a parameter of a connection string. docs/reference/postgresql.md is made from these rows. */
export interface ConnectionParameter {
  /** `ignored` parameters never change what EOM does; `refused` ones ask for something that EOM cannot do. */
  readonly use: "applied" | "ignored" | "refused";
  /** The accepted values; any when absent. */
  readonly values?: readonly string[];
  /** Effect, reason why it is ignored, or what to do instead. */
  readonly about: string;
}

const ownPool = "EOM pools its connections itself: see EOM_DATABASE_POOL";
const pooler = "EOM needs PostgreSQL itself, or a pooler in session mode that passes settings on: eom doctor checks it";
const ownKeepAlive = "EOM keeps connections alive and limits each statement itself";
const noChange = "EOM behaves like this without it";

const applied = (about: string, values?: readonly string[]): ConnectionParameter => toRow("applied", about, values);
const ignored = (about: string, values?: readonly string[]): ConnectionParameter => toRow("ignored", about, values);
const refused = (about: string): ConnectionParameter => toRow("refused", about);

function toRow(use: ConnectionParameter["use"], about: string, values?: readonly string[]): ConnectionParameter {
  return { use, about, ...(values === undefined ? {} : { values }) };
}

const tlsVersions = ["TLSv1.2", "TLSv1.3"];
const isOn = ["0", "1", "true", "false"];

/**
 * Every parameter that providers, libpq (https://www.postgresql.org/docs/current/libpq-connect.html) and the common drivers
 * print. A parameter that is not here is refused, as libpq does: it may be misspelt.
 */
export const connectionParameters: Readonly<Record<string, ConnectionParameter>> = {
  host: applied("host, in place of the one before the path; a folder such as `/var/run/postgresql` is a Unix socket"),
  port: applied("port, in place of 5432"),
  user: applied("role"),
  password: applied("password"),
  dbname: applied("database"),
  sslmode: applied(
    "TLS as libpq defines it; `allow` is `prefer`, and `no-verify` is `require`. Default: `prefer`, and `disable` on loopback",
    ["disable", "allow", "prefer", "require", "no-verify", "verify-ca", "verify-full"],
  ),
  ssl: applied("`true` is `sslmode=require`, `false` is `sslmode=disable`, any other value is a `sslmode`"),
  sslaccept: applied("Prisma's: `strict` is `sslmode=verify-full`, `accept_invalid_certs` is `sslmode=require`", [
    "strict",
    "accept_invalid_certs",
  ]),
  sslrootcert: applied(
    "file with the certificates to trust, or `system` for those that Node trusts. With it, `require` checks the chain as `verify-ca` does",
  ),
  sslcert: applied("file with EOM's own certificate"),
  sslkey: applied("file with the key of that certificate"),
  sslpassword: applied("password of that key"),
  sslnegotiation: applied("`direct` begins with TLS, without asking first", ["postgres", "direct"]),
  ssl_min_protocol_version: applied("lowest version of TLS", tlsVersions),
  ssl_max_protocol_version: applied("highest version of TLS", tlsVersions),
  target_session_attrs: applied(
    "accepted when the server may be a primary. Among several hosts EOM always uses one that accepts writes",
    ["any", "read-write", "primary"],
  ),
  connect_timeout: applied("seconds for one host, at most 60; 0 is the default of 5"),
  application_name: applied("name in pg_stat_activity, in place of `eom`"),
  fallback_application_name: applied("as `application_name`, which takes precedence"),
  options: applied(
    "settings, as `-c name=value`, and a provider's own words, as `endpoint=…`; settings that EOM sets itself are ignored",
  ),
  schema: applied("schema of EOM's tables, before `public` in the search path"),
  search_path: applied('search path, in place of `"$user", public, extensions`'),

  channel_binding: ignored(
    "the driver signs in without channel binding. `sslmode=verify-full` protects against a server in between as well",
    ["disable", "prefer", "require"],
  ),
  gssencmode: ignored("the driver has no GSSAPI", ["disable", "prefer"]),
  client_encoding: ignored("EOM always uses UTF8", ["utf8", "UTF8", "utf-8", "UTF-8", "unicode", "auto"]),
  pgbouncer: ignored(pooler, isOn),
  supa: ignored(pooler),
  workaround: ignored(pooler),
  prepare: ignored(pooler, isOn),
  default_query_exec_mode: ignored(pooler),
  statement_cache_mode: ignored(pooler),
  statement_cache_size: ignored(pooler),
  statement_cache_capacity: ignored(pooler),
  prepared_statement_cache_size: ignored(pooler),
  connection_limit: ignored(ownPool),
  pool_timeout: ignored(ownPool),
  pool_max_conns: ignored(ownPool),
  pool_min_conns: ignored(ownPool),
  pool_max_conn_lifetime: ignored(ownPool),
  pool_max_conn_idle_time: ignored(ownPool),
  max: ignored(ownPool),
  socket_timeout: ignored(ownKeepAlive),
  keepalives: ignored(ownKeepAlive, ["0", "1"]),
  keepalives_idle: ignored(ownKeepAlive),
  keepalives_interval: ignored(ownKeepAlive),
  keepalives_count: ignored(ownKeepAlive),
  tcp_user_timeout: ignored(ownKeepAlive),
  load_balance_hosts: ignored("EOM stays on the first host that accepts writes", ["disable", "random"]),
  min_protocol_version: ignored(noChange),
  max_protocol_version: ignored(noChange),
  sslcompression: ignored(noChange, ["0", "1"]),
  sslsni: ignored("EOM sends the host's name", ["0", "1"]),
  uselibpqcompat: ignored(noChange, isOn),

  hostaddr: refused("name the host or its address before the path"),
  passfile: refused("put the password into the connection string, and the string into EOM_DATABASE_URL_FILE"),
  service: refused("put the settings of the service into the connection string"),
  servicefile: refused("put the settings of the service into the connection string"),
  replication: refused("remove it: EOM is no replica"),
  require_auth: refused(
    "remove it, and demand the method in pg_hba.conf: the driver does the one that the server asks for",
  ),
  requirepeer: refused("remove it: the driver cannot check who owns the socket"),
  sslcrl: refused("remove it: the driver checks no list of revoked certificates"),
  sslcrldir: refused("remove it: the driver checks no list of revoked certificates"),
};

/** Other spellings, of JDBC and of other drivers. */
export const connectionParameterAliases: Readonly<Record<string, string>> = {
  applicationname: "application_name",
  connecttimeout: "connect_timeout",
  currentschema: "schema",
  database: "dbname",
  username: "user",
  targetservertype: "target_session_attrs",
};
