import { z } from "zod";
import type { DagsterAddress } from "./address.ts";
import { DagsterFault, type DagsterFaultKind } from "./fault.ts";
import { toLine } from "./words.ts";

export interface Exchanged {
  readonly status: number;
  readonly isHtml: boolean;
  readonly text: string;
}

const graphqlErrors = z
  .array(
    z.object({
      message: z.string(),
      path: z.array(z.unknown()).nullish(),
      locations: z.array(z.unknown()).nullish(),
    }),
  )
  .min(1)
  .nullish();

const envelope = z.object({ data: z.record(z.string(), z.unknown()).nullish(), errors: graphqlErrors });

/**
 * The data of an answer at whatever status it comes: Dagster gives 500 to an answer that tells of an exception in so many
 * words.
 *
 * @throws DagsterFault
 */
export function judge(address: DagsterAddress, operation: string, { status, isHtml, text }: Exchanged): unknown {
  const asked = `Dagster at ${address.shown}, asked for ${operation},`;
  const kind = findFaultKind(status);
  if (kind !== null) throw new DagsterFault(kind, `${asked} answered ${status}`);
  if (isHtml || text.trimStart().startsWith("<")) {
    const page = status < 500 ? "login-page" : "failing";
    throw new DagsterFault(page, `${asked} answered ${status} with a page for people`);
  }
  const { data, success } = envelope.safeParse(parseJson(text));
  const errors = data?.errors ?? [];
  const [error] = errors;
  if (error !== undefined) {
    // What fails before anything is carried out has no path; Dagster gives it 400, and 500 for variables of a wrong type. What
    // stands before Dagster may answer with errors, too, after its work is done.
    const isBefore =
      data?.data == null &&
      errors.every(({ path }) => path == null) &&
      (status === 400 || (data?.data === null && errors.every(({ locations }) => locations != null)));
    const words = toLine(withoutSecrets(address, error.message));
    throw new DagsterFault(isBefore ? "schema" : "failing", `${asked} answered with a GraphQL error: ${words}`);
  }
  if (success && data.data != null) return data.data;
  throw new DagsterFault(findStrangeKind(status), `${asked} answered ${status} with no GraphQL answer`);
}

function findFaultKind(status: number): DagsterFaultKind | null {
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

/** Of what is no GraphQL answer. At 200 it may be one that was cut short: then it was carried out. */
function findStrangeKind(status: number): DagsterFaultKind {
  if (status >= 500) return "failing";
  return status >= 400 ? "refused" : "unreadable";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Dagster does not repeat headers; what stands before it may. */
function withoutSecrets({ headers }: DagsterAddress, words: string): string {
  const secrets = Object.values(headers).flatMap((value) => [value, ...value.split(" ")]);
  return secrets
    .filter(({ length }) => length >= 6)
    .reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), words);
}
