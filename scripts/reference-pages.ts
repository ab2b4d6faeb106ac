import { type Variable, variables } from "../src/platform/config/variables.ts";
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
