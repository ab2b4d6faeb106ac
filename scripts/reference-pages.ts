import { type Variable, variables } from "../src/platform/config/variables.ts";
import { connectionParameterAliases, connectionParameters } from "../src/platform/database/connection-parameters.ts";
import { defaultSearchPath, sessionSettings } from "../src/platform/database/session-settings.ts";
import { type FailureCode, failures, listStatuses } from "../src/platform/failure.ts";
import { reasons } from "../src/storages/s3/reasons.ts";
import { toPage } from "./page.ts";

/** docs/reference/configuration.md: every variable, with its default. */
export function toConfigurationPage(): string {
  const rows = Object.entries(variables as Readonly<Record<string, Variable>>).map(
    ([name, { default: value, about, secret }]) =>
      `| ${name} | ${value === null ? "" : value === "" ? "(empty)" : `\`${value}\``} | ${about}${secret === true ? " *Secret.*" : ""} |`,
  );
  return toPage("Configuration", [
    "EOM reads environment variables. A value can also be in a file: `<NAME>_FILE` names the file, or it is mounted as",
    "`/secrets/<namespace>/<name>/<NAME>` or `/configs/<namespace>/<name>/<NAME>`, as Fission and Kubernetes do. An empty",
    "value counts as missing. EOM parses all variables at start, lists every problem, and exits with 2 if there is one. An unknown",
    "name that begins with `EOM_` is a problem too.",
    "",
    "| variable | default | |",
    "| --- | --- | --- |",
    ...rows,
  ]);
}

/** docs/reference/postgresql.md: parameters of EOM_DATABASE_URL, and settings of EOM's connections. */
export function toPostgresPage(): string {
  const parameters = Object.entries(connectionParameters).map(([name, { use, values, about }]) => {
    const aliases = Object.entries(connectionParameterAliases).filter(([, known]) => known === name);
    const names = [name, ...aliases.map(([alias]) => alias)].map((each) => `\`${each}\``).join(", ");
    return `| ${names} | ${use} | ${about}${values === undefined ? "" : `. Values: ${values.join(", ")}`} |`;
  });
  const settings = Object.entries(sessionSettings).map(([name, value]) => `| ${name} | \`${value}\` |`);
  return toPage("PostgreSQL", [
    "## EOM_DATABASE_URL",
    "",
    "The form is `postgres://user:password@host:port/database?parameter=value`, as providers print it:",
    "",
    "- Several hosts have commas between them: `postgres://eom@db1:5432,db2:5432/eom`. EOM uses the first that accepts writes, and tries",
    "  all when it needs a new connection.",
    "- An IPv6 address is in brackets: `postgres://eom@[::1]:5432/eom`.",
    "- A Unix socket is a folder, in place of the host with `%2F` for `/`, or as a parameter: `postgres:///eom?host=/var/run/postgresql`.",
    "- In the password, `/ ? # @ %` are written as `%2F %3F %23 %40 %25`.",
    "",
    "A parameter is applied, ignored or refused. Upper and lower case of its name are the same. A parameter that is not in the table is",
    "refused, unless it is a setting that EOM sets itself. `eom doctor` names ignored parameters.",
    "",
    "| parameter | is | |",
    "| --- | --- | --- |",
    ...parameters,
    "",
    "## Settings",
    "",
    "Each connection of EOM starts with these settings, so that settings of the database, of the role and of postgresql.conf do not matter.",
    "`eom doctor` compares them, because a pooler may drop them.",
    "",
    "| setting | value |",
    "| --- | --- |",
    ...settings,
    `| search_path | \`${defaultSearchPath}\`, unless EOM_DATABASE_URL has another |`,
    "| transaction_timeout | `0`, from PostgreSQL 17 on |",
    "",
    "EOM leaves these to you: `synchronous_commit` and the planner's settings, which change no result; `default_transaction_read_only`, with",
    "which providers stop writes to a full disk (requests are answered with DATABASE_UNAVAILABLE, and `eom doctor` says why); `row_security`;",
    "`lc_messages`.",
    "",
    "The encoding of the database must be UTF8. EOM refuses any other: `create database eom encoding 'UTF8' template template0`.",
  ]);
}

/** docs/reference/errors.md: every error code. */
export function toErrorsPage(): string {
  const codes = Object.keys(failures) as FailureCode[];
  const rows = codes.map((code) => {
    const kind = failures[code];
    return `| ${code} | ${listStatuses(code).join(" or ")} | ${kind.title} | ${toWaiting(kind)} |`;
  });
  return toPage("Errors", [
    "Every failure has the body `{error_code, http_status, error_msg, x_user, details}`, or is an RFC 9457 problem if the request has",
    "`Accept: application/problem+json`. A code never changes its meaning.",
    "",
    "| error_code | status | meaning | repeat the request |",
    "| --- | --- | --- | --- |",
    ...rows,
  ]);
}

function toWaiting(kind: object): string {
  if ("retryAfterSeconds" in kind) return `after ${kind.retryAfterSeconds} s`;
  return "statusWhenWaitingHelps" in kind ? `with ${kind.statusWhenWaitingHelps}, as \`Retry-After\` says` : "";
}

/** docs/reference/storage-reasons.md: every reason of a storage check. */
export function toReasonsPage(): string {
  const rows = Object.entries(reasons).map(([reason, { meaning }]) => `| ${reason} | ${meaning} |`);
  return toPage("Reasons of a storage check", [
    "The values of `reason` in a check of a verification and in the details of S3_CONNECTION_FAILED. New values may be added; a",
    "value never changes its meaning. The `hint` beside it says what to do in this case. Example:",
    "",
    "```json",
    '{"check": "LIST", "status": "FAIL", "reason": "bucket_not_found", "http_status": 404, "duration_ms": 21,',
    ' "hint": "The bucket scenes does not exist at s3.example.org. Create it, or correct its name."}',
    "```",
    "",
    "| reason | meaning |",
    "| --- | --- |",
    ...rows,
  ]);
}
