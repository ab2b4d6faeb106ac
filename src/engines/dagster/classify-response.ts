import { z } from "zod";
import { parseJson } from "../../platform/parse-json.ts";
import type { DagsterAddress } from "./address.ts";
import { DagsterFault, type DagsterFaultKind } from "./fault.ts";
import { toLine } from "./words.ts";

/** An HTTP response of Dagster, or of a proxy or login page in front of it. */
export interface DagsterResponse {
  readonly status: number;
  readonly isHtml: boolean;
  readonly text: string;
}

/** GraphQL errors that are looked at: Dagster sends one. A list of a million takes seconds to check. */
const maxErrors = 20;

const graphqlError = z.object({
  message: z.string(),
  path: z.array(z.unknown()).nullish(),
  locations: z.array(z.unknown()).nullish(),
});

const graphqlErrors = z
  .array(z.unknown())
  .min(1)
  .transform((errors) => errors.slice(0, maxErrors))
  .pipe(z.array(graphqlError))
  .nullish();

const envelope = z.object({ data: z.record(z.string(), z.unknown()).nullish(), errors: graphqlErrors });

/**
 * Returns the GraphQL data of a response, or throws the fault that the response stands for. Data counts at any status: Dagster
 * answers 500 with complete data if a field of it is an exception.
 *
 * | response | result |
 * | --- | --- |
 * | 3xx, 401, 403, 404, 429, 502 … | the fault of that status |
 * | a page for people | `login-page`, from 500 on `failing` |
 * | GraphQL errors before the execution | `schema` |
 * | GraphQL errors of the execution | `failing` |
 * | data | the data |
 * | anything else | `failing` (5xx), `refused` (4xx), `unreadable` (2xx) |
 *
 * @throws DagsterFault
 */
export function classifyResponse(
  address: DagsterAddress,
  operation: string,
  { status, isHtml, text }: DagsterResponse,
): unknown {
  const asked = `Dagster at ${address.shown}, asked for ${operation},`;
  const kind = toFaultKind(status);
  if (kind !== null) throw new DagsterFault(kind, `${asked} answered ${status}`);
  if (isHtml || text.trimStart().startsWith("<")) {
    const page = status < 500 ? "login-page" : "failing";
    throw new DagsterFault(page, `${asked} answered ${status} with a page for people`);
  }
  const { data, success } = envelope.safeParse(parseJson(text));
  const errors = data?.errors ?? [];
  const [error] = errors;
  if (error !== undefined) {
    // An error before the execution has no path. Dagster answers it with 400, and with 500 if a variable has the wrong type. A proxy
    // may also answer with errors, after Dagster has executed the request; its errors have no locations.
    const isBefore =
      data?.data == null &&
      errors.every(({ path }) => path == null) &&
      (status === 400 || (data?.data === null && errors.every(({ locations }) => locations != null)));
    const words = toLine(withoutSecrets(address, error.message));
    throw new DagsterFault(isBefore ? "schema" : "failing", `${asked} answered with a GraphQL error: ${words}`);
  }
  if (success && data.data != null) return data.data;
  throw new DagsterFault(toNonGraphqlKind(status), `${asked} answered ${status} with no GraphQL answer`);
}

function toFaultKind(status: number): DagsterFaultKind | null {
  if (status >= 300 && status < 400) return "redirect";
  switch (status) {
    case 401:
    case 403:
    case 407:
      return "unauthorized";
    case 404:
    case 405:
    case 410:
      return "wrong-path";
    case 429:
      return "busy";
    case 502:
    case 503:
    case 504:
      return "gateway";
    default:
      return null;
  }
}

/** The fault of a response without a GraphQL answer. At 200 it may be an answer that was cut short, so the request may have been executed. */
function toNonGraphqlKind(status: number): DagsterFaultKind {
  if (status >= 500) return "failing";
  return status >= 400 ? "refused" : "unreadable";
}

/** Dagster never repeats request headers in an error; a proxy in front of it may. */
function withoutSecrets({ headers }: DagsterAddress, words: string): string {
  const secrets = Object.values(headers).flatMap((value) => [value, ...value.split(" ")]);
  return secrets
    .filter(({ length }) => length >= 6)
    .reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), words);
}
