import { type Variable, variables } from "../src/platform/config/variables.ts";
import { type FailureCode, failures, listStatuses } from "../src/platform/failure.ts";
import { reasons } from "../src/storages/s3/reasons.ts";
import { toPage } from "./page.ts";

export function toConfigurationPage(): string {
  const rows = Object.entries(variables as Readonly<Record<string, Variable>>).map(
    ([name, { default: value, about, secret }]) =>
      `| ${name} | ${value === null ? "" : value === "" ? "(empty)" : `\`${value}\``} | ${about}${secret === true ? " *Secret.*" : ""} |`,
  );
  return toPage("Configuration", [
    "EOM reads environment variables. A value can also lie in a file: `<NAME>_FILE` names it, or it is mounted as",
    "`/secrets/<namespace>/<name>/<NAME>` or `/configs/<namespace>/<name>/<NAME>`, as Fission and Kubernetes do. An empty",
    "value counts as not given. Everything is parsed once, at start: every problem is listed, and EOM exits with 2. A name",
    "that begins with `EOM_` and is not here is a problem too.",
    "",
    "| variable | default | |",
    "| --- | --- | --- |",
    ...rows,
  ]);
}

export function toErrorsPage(): string {
  const codes = Object.keys(failures) as FailureCode[];
  const rows = codes.map((code) => {
    const kind = failures[code];
    return `| ${code} | ${listStatuses(code).join(" or ")} | ${kind.title} | ${toWaiting(kind)} |`;
  });
  return toPage("Errors", [
    "Every failing answer has the body `{error_code, http_status, error_msg, x_user, details}`; with",
    "`Accept: application/problem+json` it is told as RFC 9457. A code never changes its meaning.",
    "",
    "| error_code | status | meaning | try again |",
    "| --- | --- | --- | --- |",
    ...rows,
  ]);
}

function toWaiting(kind: object): string {
  if ("retryAfterSeconds" in kind) return `after ${kind.retryAfterSeconds} s`;
  return "statusWhenWaitingHelps" in kind ? `with ${kind.statusWhenWaitingHelps}, as \`Retry-After\` says` : "";
}

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
