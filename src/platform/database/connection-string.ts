import { toSuggestion } from "../suggestion.ts";
import { type ConnectionParameter, connectionParameterAliases, connectionParameters } from "./connection-parameters.ts";
import { defaultSearchPath, sessionSettings } from "./session-settings.ts";

const defaultPort = 5432;
const maxConnectSeconds = 60;

/** A server that a connection string names. `host` is a name, an address without brackets, or the folder of a Unix socket. */
export interface DatabaseHost {
  readonly host: string;
  readonly port: number;
}

/** TLS as the connection string asks for it. Files are paths. */
export interface DatabaseTls {
  readonly mode: "disable" | "prefer" | "require" | "verify-ca" | "verify-full";
  readonly rootFile: string | null;
  readonly certificateFile: string | null;
  readonly keyFile: string | null;
  readonly keyPassword: string | null;
  readonly minVersion: string | null;
  readonly maxVersion: string | null;
  /** Whether it begins with TLS, without asking the server first. */
  readonly isDirect: boolean;
}

/** A parsed connection string. Null where it says nothing. */
export interface ConnectionString {
  /** At least one; the first that accepts writes is used. */
  readonly hosts: readonly DatabaseHost[];
  readonly user: string | null;
  readonly password: string | null;
  readonly database: string | null;
  readonly tls: DatabaseTls;
  /** From 1 to 60. */
  readonly connectSeconds: number | null;
  /** Sent when a connection starts, in addition to {@link sessionSettings}. */
  readonly settings: Readonly<Record<string, string>>;
  /** Parameters that change nothing, each with the reason. */
  readonly ignored: readonly { readonly name: string; readonly reason: string }[];
}

type Parameters = ReadonlyMap<string, string>;

/**
 * Parses a connection string of PostgreSQL as providers, libpq and common drivers print them: several hosts, IPv6, Unix sockets,
 * parameters (connection-parameters.ts).
 *
 * @returns the problem otherwise, without a value of the string: it goes on after the name of the variable
 */
export function parseConnectionString(text: string): ConnectionString | { readonly problem: string } {
  try {
    return parse(text.trim());
  } catch (error) {
    if (error instanceof Unusable) return { problem: error.message };
    throw error;
  }
}

/** Its message is the problem. */
class Unusable extends Error {}

const form =
  /^postgres(?:ql)?:\/\/(?:(?<userInfo>[^/?#]*)@)?(?<hosts>[^/?#@]*)(?:\/(?<path>[^?#/@]*))?(?:\?(?<query>[^#]*))?$/i;

function parse(text: string): ConnectionString {
  const parts = form.exec(text)?.groups;
  if (parts === undefined || /:\/\/$/.test(text)) throw new Unusable(describeForm(text));
  const ignored: { name: string; reason: string }[] = [];
  const before = parseHosts(parts["hosts"] ?? "");
  const given = readParameters(parts["query"] ?? "", ignored);
  const [user, ...password] = (parts["userInfo"] ?? "").split(":");
  const hosts = toHosts(before, given);
  return {
    hosts,
    user: given.get("user") ?? decode(user),
    password: given.get("password") ?? decode(password.join(":")),
    database: given.get("dbname") ?? decode(parts["path"]),
    tls: toTls(given, hosts),
    connectSeconds: toConnectSeconds(given.get("connect_timeout")),
    settings: toSettings(given, ignored),
    ignored,
  };
}

function describeForm(text: string): string {
  const expected = "must be postgres://user:password@host:port/database";
  if (/^jdbc:/i.test(text)) return `${expected}, without jdbc: before it`;
  if (/^postgres(ql)?\+\w+:/i.test(text)) return `${expected}, without the name of a driver after the scheme`;
  if (/^(host|dbname|user)\s*=/i.test(text)) return `${expected}, not a list of name=value`;
  return `${expected}; / ? # @ and % in the password are written as %2F %3F %23 %40 %25`;
}

/**
 * @returns null for an empty text
 * @throws Unusable for a % without two digits
 */
function decode(text: string | undefined): string | null {
  if (text === undefined || text === "") return null;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Unusable("must have two hexadecimal digits after each %: a % in the password is written as %25");
  }
}

/**
 * Hosts such as `db1:5433,[::1],%2Fvar%2Frun`. A host without port gets the default.
 *
 * @throws Unusable for a host or port that is none
 */
function parseHosts(text: string): (DatabaseHost & { readonly hasPort: boolean })[] {
  if (text === "") return [];
  return text.split(",").map((entry) => {
    const parts = /^(?:\[(?<address>[0-9a-f:.]+(?:%[\w.-]+)?)\]|(?<name>[^:[\]]*))(?::(?<port>\d*))?$/i.exec(
      entry,
    )?.groups;
    if (parts === undefined)
      throw new Unusable(
        "must name its host as host:port, an IPv6 address in brackets, or several with commas between them",
      );
    const host = parts["address"] ?? decode(parts["name"]) ?? "localhost";
    return { host, port: toPort(parts["port"] || String(defaultPort)), hasPort: Boolean(parts["port"]) };
  });
}

function toPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) throw new Unusable("must have a port from 1 to 65535");
  return port;
}

/**
 * As in libpq, one port applies to all hosts, or there is one for each.
 *
 * @throws Unusable for another number of ports
 */
function toHosts(before: ReturnType<typeof parseHosts>, given: Parameters): DatabaseHost[] {
  const names = given.get("host")?.split(",") ?? before.map(({ host }) => host);
  const ports = given.get("port")?.split(",");
  if (ports !== undefined && ports.length > 1 && ports.length !== names.length)
    throw new Unusable("must have one port, or one for each host");
  const hosts = names.length === 0 ? ["localhost"] : names;
  return hosts.map((host, place) => {
    const own = given.has("host") || before[place]?.hasPort !== true ? undefined : before[place]?.port;
    const port = own ?? toPort(ports?.[place] ?? ports?.[0] ?? String(defaultPort));
    return { host: host === "" ? "localhost" : host.replace(/^\[(.*)\]$/, "$1"), port };
  });
}

function readParameters(query: string, ignored: { name: string; reason: string }[]): Parameters {
  const given = new Map<string, string>();
  for (const pair of query.split("&").filter((each) => each !== "")) {
    const [rawName = "", ...rest] = pair.split("=");
    const written = decode(rawName) ?? "";
    const name = toKnownName(written);
    const value = decode(rest.join("=").replaceAll("+", "%20")) ?? "";
    const { use, values, about } = connectionParameters[name] ?? refuseUnknown(written);
    if (use === "refused") throw new Unusable(`must not have the parameter ${name}: ${about}`);
    if (values !== undefined && !values.includes(value))
      throw new Unusable(`must have one of ${values.join(", ")} in its parameter ${name}`);
    if (use === "ignored") ignored.push({ name, reason: about });
    else if (value !== "") given.set(name, value);
  }
  return given;
}

function toKnownName(written: string): string {
  const name = written.toLowerCase();
  return connectionParameterAliases[name] ?? name;
}

/**
 * A setting of EOM's own, as node-postgres takes `statement_timeout`, is ignored.
 *
 * @throws Unusable for any other name
 */
function refuseUnknown(written: string): ConnectionParameter {
  if (isOwnSetting(written)) return { use: "ignored", about: ownSetting };
  // A misplaced `?` makes a part of the password a name.
  const quoted = /^\w{1,40}$/.test(written) ? ` ${written}` : "";
  const suggestion = toSuggestion(written, Object.keys(connectionParameters));
  throw new Unusable(
    `must not have the parameter${quoted}, which EOM does not know${suggestion}; docs/reference/postgresql.md lists the known ones`,
  );
}

const ownSetting = "EOM sets it itself, for each connection";

function isOwnSetting(name: string): boolean {
  return Object.keys(sessionSettings).some((own) => own.toLowerCase() === name.toLowerCase());
}

function toTls(given: Parameters, hosts: readonly DatabaseHost[]): DatabaseTls {
  const rootFile = given.get("sslrootcert") ?? null;
  const mode = toTlsMode(given, rootFile, hosts);
  const isDirect = given.get("sslnegotiation") === "direct";
  if (isDirect && (mode === "disable" || mode === "prefer"))
    throw new Unusable("must have sslmode=require or stricter with sslnegotiation=direct");
  return {
    mode,
    rootFile: rootFile === "system" ? null : rootFile,
    certificateFile: given.get("sslcert") ?? null,
    keyFile: given.get("sslkey") ?? null,
    keyPassword: given.get("sslpassword") ?? null,
    minVersion: given.get("ssl_min_protocol_version") ?? null,
    maxVersion: given.get("ssl_max_protocol_version") ?? null,
    isDirect,
  };
}

function toTlsMode(given: Parameters, rootFile: string | null, hosts: readonly DatabaseHost[]): DatabaseTls["mode"] {
  const asked = given.get("sslmode") ?? toModeOfOthers(given);
  // As in libpq, which also checks the name when the authorities are those of the system.
  if (rootFile === "system") return "verify-full";
  if (asked === undefined) return hosts.every(({ host }) => isLocal(host)) ? "disable" : "prefer";
  if (asked === "require" && rootFile !== null) return "verify-ca";
  if (asked === "allow") return "prefer";
  return asked === "no-verify" ? "require" : (asked as DatabaseTls["mode"]);
}

function toModeOfOthers(given: Parameters): string | undefined {
  if (given.has("sslaccept")) return given.get("sslaccept") === "strict" ? "verify-full" : "require";
  const ssl = given.get("ssl");
  if (ssl === undefined) return undefined;
  const mode = { true: "require", "1": "require", false: "disable", "0": "disable" }[ssl] ?? ssl;
  const { values = [] } = connectionParameters["sslmode"] ?? {};
  if (!values.includes(mode)) throw new Unusable("must have true, false or a sslmode in its parameter ssl");
  return mode;
}

/** TLS within a machine protects nothing. */
function isLocal(host: string): boolean {
  return host.startsWith("/") || host === "localhost" || host === "::1" || /^127\./.test(host);
}

function toConnectSeconds(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^-?\d{1,9}$/.test(text)) throw new Unusable("must have whole seconds in its parameter connect_timeout");
  return Number(text) > 0 ? Math.min(Number(text), maxConnectSeconds) : null;
}

function toSettings(given: Parameters, ignored: { name: string; reason: string }[]): Record<string, string> {
  const { settings, rest } = readOptions(given.get("options") ?? "");
  for (const name of Object.keys(settings).filter(isOwnSetting)) {
    ignored.push({ name: `options: ${name}`, reason: ownSetting });
    delete settings[name];
  }
  const schema = given.get("schema");
  const searchPath = given.get("search_path") ?? (schema === undefined ? undefined : `${quoteName(schema)}, public`);
  return {
    ...settings,
    ...(rest === "" ? {} : { options: rest }),
    application_name: given.get("application_name") ?? given.get("fallback_application_name") ?? "eom",
    search_path: searchPath ?? settings["search_path"] ?? defaultSearchPath,
  };
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `-c name=value`, `-cname=value` and `--name=value` are settings; words between spaces that a backslash does not precede. */
function readOptions(text: string): { readonly settings: Record<string, string>; readonly rest: string } {
  // With a space after it, `-c` is a word of its own.
  const words = text.replaceAll(/(^|\s)-c\s+/g, "$1-c").match(/(?:\\.|[^\s\\])+/g) ?? [];
  const settings: Record<string, string> = {};
  const rest: string[] = [];
  for (const word of words) {
    const setting = /^(?:-c|--)([\w.-]+)=(.*)$/s.exec(word);
    if (setting === null) rest.push(word);
    else settings[(setting[1] ?? "").replaceAll("-", "_")] = (setting[2] ?? "").replaceAll(/\\(.)/g, "$1");
  }
  return { settings, rest: rest.join(" ") };
}
